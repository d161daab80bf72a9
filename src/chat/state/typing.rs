//! Who is typing where.

use std::time::Instant;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::chat::SessionId;
use parlor_domain::{
    RoomKey, UserKey,
    limits::{TYPING_MAX, TYPING_REPEAT, TYPING_TTL},
};

struct Typist {
    /// Its end is the end of the typing.
    session: SessionId,
    seen: Instant,
    sent: Instant,
}

/// Where somebody types.
type Place = (RoomKey, UserKey);

/// The users who are typing. Pure: it says what is to be told.
#[derive(Default)]
pub struct Typing {
    typists: FxHashMap<Place, Typist>,
    /// Where each session types, so that the end of one that does not costs
    /// nothing.
    places: FxHashMap<SessionId, FxHashSet<Place>>,
}

impl Typing {
    /// Somebody types, or goes on; says whether others are to be told.
    pub fn begins(
        &mut self,
        room: RoomKey,
        user: UserKey,
        session: SessionId,
        now: Instant,
    ) -> bool {
        let place = (room, user);
        if let Some(typist) = self.typists.get_mut(&place) {
            let before = std::mem::replace(&mut typist.session, session);
            typist.seen = now;
            let tell = now.duration_since(typist.sent) >= TYPING_REPEAT;
            if tell {
                typist.sent = now;
            }
            if before != session {
                self.forget(before, place);
                self.places.entry(session).or_default().insert(place);
            }
            return tell;
        }
        if self.typists.len() >= TYPING_MAX {
            return false;
        }
        self.typists.insert(place, Typist { session, seen: now, sent: now });
        self.places.entry(session).or_default().insert(place);
        true
    }

    /// Somebody has stopped; says whether others are to be told.
    pub fn ends(&mut self, room: RoomKey, user: UserKey) -> bool {
        let place = (room, user);
        let Some(typist) = self.typists.remove(&place) else { return false };
        self.forget(typist.session, place);
        true
    }

    /// Takes out what a session's end ends.
    pub fn session_ended(&mut self, session: SessionId) -> Vec<Place> {
        let places = self.places.remove(&session).unwrap_or_default();
        places.into_iter().filter(|place| self.typists.remove(place).is_some()).collect()
    }

    /// Takes out those of whom nothing was heard for a while.
    pub fn expired(&mut self, now: Instant) -> Vec<Place> {
        let is_old = |_: &Place, typist: &mut Typist| now.duration_since(typist.seen) >= TYPING_TTL;
        let ended: Vec<_> = self.typists.extract_if(is_old).collect();
        for (place, typist) in &ended {
            self.forget(typist.session, *place);
        }
        if self.typists.is_empty() {
            *self = Self::default();
        }
        ended.into_iter().map(|(place, _)| place).collect()
    }

    pub fn is_empty(&self) -> bool {
        self.typists.is_empty()
    }

    fn forget(&mut self, session: SessionId, place: Place) {
        if let Some(places) = self.places.get_mut(&session) {
            places.remove(&place);
            if places.is_empty() {
                self.places.remove(&session);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: (RoomKey, UserKey) = (RoomKey(1), UserKey(2));
    const SESSION: SessionId = SessionId(3);

    #[test]
    fn others_are_told_when_it_begins_now_and_then_and_when_it_ends() {
        let (mut typing, start) = (Typing::default(), Instant::now());
        let (room, user) = PLACE;
        assert!(typing.begins(room, user, SESSION, start));
        assert!(!typing.begins(room, user, SESSION, start + TYPING_REPEAT / 2));
        assert!(typing.begins(room, user, SESSION, start + TYPING_REPEAT));
        assert!(typing.ends(room, user));
        assert!(!typing.ends(room, user));
    }

    #[test]
    fn typing_ends_by_itself_and_with_its_session() {
        let (mut typing, start) = (Typing::default(), Instant::now());
        let (room, user) = PLACE;
        typing.begins(room, user, SESSION, start);
        typing.begins(room, user, SESSION, start + TYPING_TTL / 2);
        assert!(typing.expired(start + TYPING_TTL).is_empty(), "it went on");
        assert_eq!(typing.expired(start + TYPING_TTL + TYPING_TTL / 2), [PLACE]);
        typing.begins(room, user, SESSION, start);
        assert!(typing.session_ended(SessionId(9)).is_empty());
        assert_eq!(typing.session_ended(SESSION), [PLACE]);
        assert!(typing.is_empty());
    }

    #[test]
    fn who_goes_on_typing_elsewhere_does_not_stop_with_the_first_device() {
        let (mut typing, start) = (Typing::default(), Instant::now());
        let (room, user) = PLACE;
        typing.begins(room, user, SESSION, start);
        typing.begins(room, user, SessionId(4), start);
        assert!(typing.session_ended(SESSION).is_empty());
        assert_eq!(typing.session_ended(SessionId(4)), [PLACE]);
        assert!(typing.places.is_empty(), "nothing is left of them");
        typing.begins(room, user, SESSION, start);
        typing.ends(room, user);
        assert!(typing.places.is_empty(), "nor of one who stopped");
    }
}
