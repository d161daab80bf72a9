//! Who hears a room without being a member of it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use rustc_hash::FxHashMap;

use crate::chat::SessionId;
use parlor_domain::{
    Room, RoomKey, User, UserKey,
    limits::{WATCH_AGAIN, WATCH_GRACE, WATCH_RENEWALS, WATCHED_EACH},
};

/// The rooms that users watch, for as long as the application lets them. On this node,
/// and bounded for each user.
#[derive(Default)]
pub struct Watchers {
    users: FxHashMap<UserKey, FxHashMap<RoomKey, Watch>>,
}

/// A room that a user watches, on some of their connections.
pub struct Watch {
    user: User,
    pub room: Arc<Room>,
    pub sessions: Vec<SessionId>,
    until: Instant,
    /// When to ask for longer; `None` while that is being asked.
    renew_at: Option<Instant>,
    /// It was asked for longer, without an answer.
    is_unanswered: bool,
}

/// What is to be asked for longer.
#[derive(Debug)]
pub struct Due {
    pub user: User,
    pub room: Arc<Room>,
    pub until: Instant,
}

/// At three quarters of its time there is some left for an application that does not
/// answer at once.
fn renew_at(now: Instant, until: Instant) -> Instant {
    let left: Duration = until.saturating_duration_since(now);
    now + left - left / 4
}

impl Watch {
    /// One that is doubted meanwhile is asked about again all the same.
    fn renewed(&mut self, until: Instant, now: Instant) {
        (self.until, self.is_unanswered) = (until, false);
        self.renew_at.get_or_insert(renew_at(now, until));
    }
}

impl Watchers {
    /// Whether a user may watch one room more, or watches this one.
    pub fn has_place(&self, user: UserKey, room: RoomKey) -> bool {
        let watched = self.users.get(&user);
        watched.is_none_or(|rooms| rooms.len() < WATCHED_EACH || rooms.contains_key(&room))
    }

    pub fn begin(
        &mut self,
        session: SessionId,
        user: &User,
        room: &Arc<Room>,
        until: Instant,
        now: Instant,
    ) {
        let rooms = self.users.entry(user.key).or_default();
        let watch = rooms.entry(room.key).or_insert_with(|| Watch {
            user: user.clone(),
            room: room.clone(),
            sessions: Vec::with_capacity(1),
            until,
            renew_at: Some(renew_at(now, until)),
            is_unanswered: false,
        });
        if !watch.sessions.contains(&session) {
            watch.sessions.push(session);
        }
        if until > watch.until {
            watch.renewed(until, now);
        }
    }

    /// A connection no longer hears the room.
    pub fn left(&mut self, session: SessionId, user: UserKey, room: RoomKey) {
        let Some(watch) = self.watch(user, room) else { return };
        watch.sessions.retain(|other| *other != session);
        if watch.sessions.is_empty() {
            self.end(user, room);
        }
    }

    /// The user does not watch the room any more, on any connection.
    pub fn end(&mut self, user: UserKey, room: RoomKey) -> Option<Watch> {
        let rooms = self.users.get_mut(&user)?;
        let watch = rooms.remove(&room);
        if rooms.is_empty() {
            self.users.remove(&user);
        }
        watch
    }

    /// Nobody watches the room any more.
    pub fn end_all(&mut self, room: RoomKey) -> Vec<Watch> {
        let mut ended = Vec::new();
        self.users.retain(|_, rooms| {
            ended.extend(rooms.remove(&room));
            !rooms.is_empty()
        });
        ended
    }

    /// Whose time is over, and for longer nobody has answered, or not for a while.
    pub fn over(&self, now: Instant) -> Vec<(UserKey, RoomKey)> {
        let all = self
            .users
            .iter()
            .flat_map(|(user, rooms)| rooms.iter().map(|(room, watch)| ((*user, *room), watch)));
        let is_over = |watch: &Watch| {
            let grace = if watch.is_unanswered { Duration::ZERO } else { WATCH_GRACE };
            watch.until + grace <= now
        };
        all.filter(|(_, watch)| is_over(watch)).map(|(watched, _)| watched).collect()
    }

    /// Takes some of those for which it is time to ask for longer.
    pub fn due(&mut self, now: Instant) -> Vec<Due> {
        let watches = self.users.values_mut().flat_map(FxHashMap::values_mut);
        let due = watches.filter_map(|watch| {
            watch.renew_at.take_if(|at| *at <= now)?;
            Some(Due { user: watch.user.clone(), room: watch.room.clone(), until: watch.until })
        });
        due.take(WATCH_RENEWALS).collect()
    }

    /// The application lets the user watch for longer.
    pub fn renewed(&mut self, user: UserKey, room: RoomKey, until: Instant, now: Instant) {
        if let Some(watch) = self.watch(user, room) {
            watch.renewed(until, now);
        }
    }

    /// There was no answer: it is asked again in a while, more often towards the end.
    pub fn unanswered(&mut self, user: UserKey, room: RoomKey, now: Instant) {
        let Some(watch) = self.watch(user, room) else { return };
        let left = watch.until.saturating_duration_since(now);
        watch.is_unanswered = true;
        watch.renew_at.get_or_insert(now + (left / 4).max(WATCH_AGAIN));
    }

    /// Whatever it said before, it has to be asked.
    pub fn doubted(&mut self, user: UserKey, room: RoomKey, now: Instant) {
        if let Some(watch) = self.watch(user, room) {
            watch.renew_at = Some(now);
        }
    }

    fn watch(&mut self, user: UserKey, room: RoomKey) -> Option<&mut Watch> {
        self.users.get_mut(&user)?.get_mut(&room)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parlor_domain::{RoomKind, UserId};

    const SECOND: Duration = Duration::from_secs(1);
    const PHONE: SessionId = SessionId(7);
    const LAPTOP: SessionId = SessionId(8);

    fn ann() -> User {
        User { key: UserKey(1), id: UserId::from_stored("ann"), name: "Ann".into(), avatar: None }
    }

    fn room(key: i64) -> Arc<Room> {
        Arc::new(Room::sample(key, RoomKind::Private))
    }

    #[test]
    fn a_permission_is_asked_for_longer_once_before_it_is_over() {
        let (mut watchers, start) = (Watchers::default(), Instant::now());
        watchers.begin(PHONE, &ann(), &room(1), start + 4 * SECOND, start);
        let (then, end) = (start + 3 * SECOND, start + 4 * SECOND);
        assert!(watchers.due(then - Duration::from_millis(1)).is_empty());
        let due = watchers.due(then);
        assert_eq!((due.len(), due[0].room.key, due[0].until), (1, RoomKey(1), end));
        assert!(watchers.due(then).is_empty(), "it is being asked");
        assert!(watchers.over(end).is_empty(), "it may be answered");
        assert_eq!(watchers.over(end + WATCH_GRACE).len(), 1, "it was not");
        watchers.unanswered(UserKey(1), RoomKey(1), then);
        assert!(watchers.due(then).is_empty(), "not at once");
        assert_eq!(watchers.due(then + WATCH_AGAIN).len(), 1);
        assert!(watchers.over(end - Duration::from_millis(1)).is_empty());
        assert_eq!(watchers.over(end), [(UserKey(1), RoomKey(1))]);
        watchers.renewed(UserKey(1), RoomKey(1), end + 8 * SECOND, end);
        assert!(watchers.over(end).is_empty() && watchers.due(end + 5 * SECOND).is_empty());
        watchers.doubted(UserKey(1), RoomKey(1), end);
        assert_eq!(watchers.due(end).len(), 1);
        watchers.doubted(UserKey(1), RoomKey(1), end);
        watchers.renewed(UserKey(1), RoomKey(1), end + 8 * SECOND, end);
        assert_eq!(watchers.due(end).len(), 1, "what was asked before says nothing of it");
        watchers.renewed(UserKey(1), RoomKey(1), end + 8 * SECOND, end);
        assert_eq!(watchers.due(end + 6 * SECOND).len(), 1);
        // On another connection it has been asked meanwhile.
        watchers.begin(LAPTOP, &ann(), &room(1), end + 80 * SECOND, end);
        assert!(watchers.over(end + 40 * SECOND).is_empty());
    }

    #[test]
    fn a_room_is_watched_until_the_last_connection_has_left_it() {
        let (mut watchers, now) = (Watchers::default(), Instant::now());
        for session in [PHONE, LAPTOP, PHONE] {
            watchers.begin(session, &ann(), &room(1), now + SECOND, now);
        }
        watchers.left(PHONE, UserKey(1), RoomKey(1));
        watchers.left(PHONE, UserKey(1), RoomKey(1));
        let watch = watchers.end(UserKey(1), RoomKey(1)).expect("the laptop");
        assert_eq!(watch.sessions, [LAPTOP]);
        assert!(watchers.users.is_empty(), "nothing is left of it");
        watchers.begin(PHONE, &ann(), &room(1), now + SECOND, now);
        watchers.left(PHONE, UserKey(1), RoomKey(1));
        assert!(watchers.users.is_empty());
    }

    #[test]
    fn a_user_watches_so_many_rooms_and_a_room_can_end_for_all() {
        let (mut watchers, now) = (Watchers::default(), Instant::now());
        let most = i64::try_from(WATCHED_EACH).expect("a small number");
        for key in 1..=most {
            assert!(watchers.has_place(UserKey(1), RoomKey(key)));
            watchers.begin(PHONE, &ann(), &room(key), now + SECOND, now);
        }
        assert!(!watchers.has_place(UserKey(1), RoomKey(most + 1)));
        assert!(watchers.has_place(UserKey(1), RoomKey(1)), "this one is watched");
        assert!(watchers.has_place(UserKey(2), RoomKey(1)), "others have theirs");
        assert_eq!(watchers.end_all(RoomKey(1)).len(), 1);
        assert!(watchers.has_place(UserKey(1), RoomKey(most + 1)));
    }
}
