//! Requests that cannot be decided yet.

use indexmap::IndexSet;
use rustc_hash::{FxBuildHasher, FxHashMap};

use crate::chat::SessionId;
use parlor_domain::{RoomId, UserKey};

/// What it depends on whether a request has to wait.
pub trait Waits {
    fn user(&self) -> UserKey;

    /// The session that asks, if one does.
    fn session(&self) -> Option<SessionId>;

    /// The room whose rules decide, if one's do.
    fn room(&self) -> Option<&RoomId>;

    /// It needs to find all rooms of its session.
    fn resumes(&self) -> bool;
}

/// The one place where requests wait:
///
/// 1. for their session to be told of its rooms, of all of them for one that
///    resumes, or it would find none;
/// 2. in a room, while it is read how their user stands there;
/// 3. in a room, while their user is being changed there. What a member may do
///    is decided from memory, which knows of a removal or a mute when it has
///    committed. A message sent in between would be stored behind it. So it
///    waits, and is then decided by what came of the change. The same goes for
///    all who ask in a room while its rules are being changed.
///
/// Whatever has to wait goes behind what waits already for the same session, or
/// of the same user in the same room, and goes on in the order in which it
/// came.
///
/// Bounded by what each session may have unanswered (`REQUESTS_IN_FLIGHT`), over
/// REST by the connections, of which each has one request; and by the writes in
/// flight, past which the writer refuses (`Limits::writes_in_flight`).
pub struct WaitingRoom<R> {
    users: FxHashMap<UserKey, Places<R>>,
    /// Rooms whose rules are being changed.
    rooms: FxHashMap<RoomId, Unruled>,
}

/// Its rules are being changed, and so often; these users wait for that.
#[derive(Default)]
struct Unruled {
    changes: usize,
    users: IndexSet<UserKey, FxBuildHasher>,
}

/// Where requests of one user wait.
struct Places<R> {
    sessions: FxHashMap<SessionId, Unlisted<R>>,
    rooms: FxHashMap<RoomId, Unsettled<R>>,
}

/// A session that has not been told of all of its rooms.
struct Unlisted<R> {
    of_any: bool,
    requests: Vec<R>,
}

/// How the user stands in the room is being read, or changed.
struct Unsettled<R> {
    is_read: bool,
    changes: usize,
    requests: Vec<R>,
}

impl<R: Waits> WaitingRoom<R> {
    /// Keeps a request that has to wait; gives back any other.
    pub fn enter(&mut self, request: R) -> Option<R> {
        // Nearly always.
        if self.users.is_empty() && self.rooms.is_empty() {
            return Some(request);
        }
        if let Some(room) = request.room()
            && self.rooms.contains_key(room)
        {
            self.unsettled(request.user(), room.clone());
            self.waits_for_rules(request.user(), room);
        }
        let Some(places) = self.users.get_mut(&request.user()) else { return Some(request) };
        let session = request.session().and_then(|session| places.sessions.get_mut(&session));
        let unlisted = session.filter(|unlisted| unlisted.of_any || request.resumes());
        let unsettled = request.room().and_then(|room| places.rooms.get_mut(room));
        let waiting = unlisted.map(|unlisted| &mut unlisted.requests);
        match waiting.or(unsettled.map(|unsettled| &mut unsettled.requests)) {
            Some(waiting) => waiting.push(request),
            None => return Some(request),
        }
        None
    }

    pub fn session_comes(&mut self, user: UserKey, session: SessionId) {
        let unlisted = Unlisted { of_any: true, requests: Vec::new() };
        self.places(user).sessions.insert(session, unlisted);
    }

    /// A session has been told of some of its rooms; gives what may go on.
    pub fn listed_some(&mut self, user: UserKey, session: SessionId) -> Vec<R> {
        let places = self.users.get_mut(&user);
        let unlisted = places.and_then(|places| places.sessions.get_mut(&session));
        let Some(unlisted) = unlisted else { return Vec::new() };
        unlisted.of_any = false;
        unlisted.requests.extract_if(.., |request| !request.resumes()).collect()
    }

    /// A session has been told of all of its rooms, or has gone.
    pub fn listed_all(&mut self, user: UserKey, session: SessionId) -> Vec<R> {
        let unlisted =
            self.users.get_mut(&user).and_then(|places| places.sessions.remove(&session));
        self.tidy(user);
        unlisted.map_or_else(Vec::new, |unlisted| unlisted.requests)
    }

    /// How the user of a request stands in its room is being read.
    pub fn read_begins(&mut self, request: R, room: RoomId) {
        let unsettled = self.unsettled(request.user(), room);
        unsettled.is_read = true;
        unsettled.requests.push(request);
    }

    /// It has been read. Gives what is decided by that; nothing if there is a
    /// change, which decides.
    pub fn read_ends(&mut self, user: UserKey, room: &RoomId) -> Vec<R> {
        self.settle(user, room, |unsettled| unsettled.is_read = false)
    }

    /// A change of a member is on its way to the database.
    pub fn change_begins(&mut self, user: UserKey, room: RoomId) {
        self.unsettled(user, room).changes += 1;
    }

    /// It is settled. Gives what may go on if it was the last one.
    pub fn change_ends(&mut self, user: UserKey, room: &RoomId) -> Vec<R> {
        self.settle(user, room, |unsettled| unsettled.changes -= 1)
    }

    /// Other rules of a room are on their way to the database.
    pub fn rules_begin(&mut self, room: RoomId) {
        self.rooms.entry(room).or_default().changes += 1;
    }

    /// They are settled. Gives what may go on if they were the last ones.
    pub fn rules_end(&mut self, room: &RoomId) -> Vec<R> {
        let Some(unruled) = self.rooms.get_mut(room) else { return Vec::new() };
        unruled.changes -= 1;
        if unruled.changes > 0 {
            return Vec::new();
        }
        let users = self.rooms.remove(room).unwrap_or_default().users;
        users.into_iter().flat_map(|user| self.settle(user, room, |_| {})).collect()
    }

    /// Notes whom the end of a change of a room's rules concerns; says whether
    /// there is one.
    fn waits_for_rules(&mut self, user: UserKey, room: &RoomId) -> bool {
        let Some(unruled) = self.rooms.get_mut(room) else { return false };
        unruled.users.insert(user);
        true
    }

    fn settle(
        &mut self,
        user: UserKey,
        room: &RoomId,
        change: impl FnOnce(&mut Unsettled<R>),
    ) -> Vec<R> {
        let Some(places) = self.users.get_mut(&user) else { return Vec::new() };
        let Some(unsettled) = places.rooms.get_mut(room) else { return Vec::new() };
        change(unsettled);
        if unsettled.is_read || unsettled.changes > 0 || self.waits_for_rules(user, room) {
            return Vec::new();
        }
        let Some(places) = self.users.get_mut(&user) else { return Vec::new() };
        let settled = places.rooms.remove(room);
        self.tidy(user);
        settled.map_or_else(Vec::new, |settled| settled.requests)
    }

    fn places(&mut self, user: UserKey) -> &mut Places<R> {
        let empty = || Places { sessions: FxHashMap::default(), rooms: FxHashMap::default() };
        self.users.entry(user).or_insert_with(empty)
    }

    fn unsettled(&mut self, user: UserKey, room: RoomId) -> &mut Unsettled<R> {
        let settled = || Unsettled { is_read: false, changes: 0, requests: Vec::new() };
        self.places(user).rooms.entry(room).or_insert_with(settled)
    }

    fn tidy(&mut self, user: UserKey) {
        let is_empty = |places: &Places<R>| places.sessions.is_empty() && places.rooms.is_empty();
        if self.users.get(&user).is_some_and(is_empty) {
            self.users.remove(&user);
        }
    }
}

impl<R> Default for WaitingRoom<R> {
    fn default() -> Self {
        Self { users: FxHashMap::default(), rooms: FxHashMap::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: UserKey = UserKey(1);
    const PHONE: SessionId = SessionId(7);

    /// What it is called, the session and the room.
    #[derive(Debug, PartialEq, Eq)]
    struct Asks(&'static str, Option<SessionId>, Option<RoomId>);

    impl Waits for Asks {
        fn user(&self) -> UserKey {
            ANN
        }

        fn session(&self) -> Option<SessionId> {
            self.1
        }

        fn room(&self) -> Option<&RoomId> {
            self.2.as_ref()
        }

        fn resumes(&self) -> bool {
            self.0 == "resume"
        }
    }

    fn room(id: &str) -> RoomId {
        RoomId::from_stored(id)
    }

    fn asks(name: &'static str, id: &str) -> Asks {
        Asks(name, Some(PHONE), Some(room(id)))
    }

    fn names(requests: &[Asks]) -> Vec<&str> {
        requests.iter().map(|request| request.0).collect()
    }

    /// Whether each of them waits.
    fn enter<const N: usize>(waiting: &mut WaitingRoom<Asks>, requests: [Asks; N]) -> [bool; N] {
        requests.map(|request| waiting.enter(request).is_none())
    }

    #[test]
    fn a_session_waits_to_be_told_of_its_rooms_and_a_resume_of_all_of_them() {
        let mut waiting = WaitingRoom::default();
        let resume = || Asks("resume", Some(PHONE), None);
        waiting.session_comes(ANN, PHONE);
        let rest = Asks("over REST", None, Some(room("den")));
        let waits = enter(&mut waiting, [asks("a", "den"), resume(), asks("b", "pub"), rest]);
        assert_eq!(waits, [true, true, true, false]);
        assert_eq!(names(&waiting.listed_some(ANN, PHONE)), ["a", "b"]);
        assert_eq!(enter(&mut waiting, [asks("c", "den"), resume()]), [false, true]);
        assert_eq!(names(&waiting.listed_all(ANN, PHONE)), ["resume", "resume"]);
        assert_eq!(enter(&mut waiting, [resume()]), [false]);
        assert!(waiting.users.is_empty(), "nothing is left");
    }

    #[test]
    fn a_request_waits_for_the_last_change_of_its_user_in_its_room() {
        let mut waiting = WaitingRoom::default();
        assert_eq!(enter(&mut waiting, [asks("a", "den")]), [false], "nothing is changing");
        waiting.change_begins(ANN, room("den"));
        waiting.change_begins(ANN, room("den"));
        let waits = enter(&mut waiting, [asks("a", "den"), asks("b", "pub"), asks("c", "den")]);
        assert_eq!(waits, [true, false, true]);
        assert!(waiting.change_ends(ANN, &room("den")).is_empty(), "one is left");
        assert_eq!(names(&waiting.change_ends(ANN, &room("den"))), ["a", "c"]);
        assert!(waiting.users.is_empty());
    }

    #[test]
    fn what_was_read_does_not_decide_while_there_is_a_change() {
        let mut waiting = WaitingRoom::default();
        waiting.read_begins(asks("a", "den"), room("den"));
        assert_eq!(enter(&mut waiting, [asks("b", "den")]), [true], "behind it");
        assert_eq!(names(&waiting.read_ends(ANN, &room("den"))), ["a", "b"]);
        waiting.read_begins(asks("a", "den"), room("den"));
        waiting.change_begins(ANN, room("den"));
        assert!(waiting.read_ends(ANN, &room("den")).is_empty());
        assert_eq!(enter(&mut waiting, [asks("b", "den")]), [true]);
        assert_eq!(names(&waiting.change_ends(ANN, &room("den"))), ["a", "b"]);
        assert!(waiting.users.is_empty());
    }

    #[test]
    fn all_wait_for_the_last_change_of_a_rooms_rules_and_each_in_its_order() {
        let mut waiting = WaitingRoom::default();
        waiting.change_begins(ANN, room("den"));
        assert_eq!(enter(&mut waiting, [asks("a", "den")]), [true]);
        waiting.rules_begin(room("den"));
        waiting.rules_begin(room("den"));
        assert_eq!(enter(&mut waiting, [asks("b", "den"), asks("c", "pub")]), [true, false]);
        assert!(waiting.change_ends(ANN, &room("den")).is_empty(), "the rules are not settled");
        assert!(waiting.rules_end(&room("den")).is_empty(), "one is left");
        assert_eq!(names(&waiting.rules_end(&room("den"))), ["a", "b"]);
        waiting.read_begins(asks("d", "den"), room("den"));
        waiting.rules_begin(room("den"));
        assert!(waiting.read_ends(ANN, &room("den")).is_empty(), "it was read before");
        assert_eq!(names(&waiting.rules_end(&room("den"))), ["d"]);
        waiting.read_begins(asks("e", "den"), room("den"));
        waiting.rules_begin(room("den"));
        assert!(waiting.rules_end(&room("den")).is_empty(), "it is still being read");
        assert_eq!(names(&waiting.read_ends(ANN, &room("den"))), ["e"]);
        assert!(waiting.users.is_empty() && waiting.rooms.is_empty());
    }
}
