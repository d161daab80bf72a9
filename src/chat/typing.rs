//! Who is typing where.

use std::time::Instant;

use rustc_hash::FxHashMap;

use super::SessionId;
use crate::{
    domain::{RoomKey, UserKey},
    limits::{TYPING_MAX, TYPING_REPEAT, TYPING_TTL},
};

struct Typist {
    /// Its end is the end of the typing.
    session: SessionId,
    seen: Instant,
    told: Instant,
}

/// The users who are typing. Pure: it says what is to be told.
#[derive(Default)]
pub(super) struct Typing {
    typists: FxHashMap<(RoomKey, UserKey), Typist>,
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
        if let Some(typist) = self.typists.get_mut(&(room, user)) {
            typist.session = session;
            typist.seen = now;
            let tell = now.duration_since(typist.told) >= TYPING_REPEAT;
            if tell {
                typist.told = now;
            }
            return tell;
        }
        if self.typists.len() >= TYPING_MAX {
            return false;
        }
        self.typists.insert((room, user), Typist { session, seen: now, told: now });
        true
    }

    /// Somebody has stopped; says whether others are to be told.
    pub fn ends(&mut self, room: RoomKey, user: UserKey) -> bool {
        self.typists.remove(&(room, user)).is_some()
    }

    /// Takes out what a session's end ends.
    pub fn session_ended(&mut self, session: SessionId) -> Vec<(RoomKey, UserKey)> {
        self.take(|typist| typist.session == session)
    }

    /// Takes out those of whom nothing was heard for a while.
    pub fn expired(&mut self, now: Instant) -> Vec<(RoomKey, UserKey)> {
        let ended = self.take(|typist| now.duration_since(typist.seen) >= TYPING_TTL);
        if self.typists.is_empty() {
            self.typists = FxHashMap::default();
        }
        ended
    }

    pub fn is_empty(&self) -> bool {
        self.typists.is_empty()
    }

    fn take(&mut self, ends: impl Fn(&Typist) -> bool) -> Vec<(RoomKey, UserKey)> {
        self.typists.extract_if(|_, typist| ends(typist)).map(|(place, _)| place).collect()
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
}
