//! The sessions and their users, as the ChatServer knows them.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::presence::Pace;
use crate::chat::{ChatError, Connect, NodePresence, Origin, SessionId, SessionRef};
use parlor_domain::{RoomKey, Seq, Standing, Status, Timestamp, User, UserKey};

/// One connection.
pub struct SessionEntry {
    pub at: SessionRef,
    pub user: UserKey,
    pub roles: Vec<Arc<str>>,
    /// Names a part of the application whose events this session hears.
    pub role_context: Option<Arc<str>>,
    /// The `jti` of its token.
    pub token_id: Option<Arc<str>>,
    /// The revocation id of its sign-in.
    pub sign_in: Option<Arc<str>>,
    /// When its token was issued, if it says so.
    pub issued_at: Option<Timestamp>,
    pub state: SessionState,
    pub subscribed: FxHashSet<RoomKey>,
    /// While there are rooms that it is still to be told of.
    pub listing: Option<Box<Listing>>,
    pub origin: Origin,
    /// Why it could not join the room that it named; told behind its rooms.
    pub not_joined: Option<Box<ChatError>>,
    /// Nobody is there, the client says.
    pub away: bool,
}

impl SessionEntry {
    /// It has not been told of its rooms yet.
    pub fn is_connecting(&self) -> bool {
        matches!(self.state, SessionState::Connecting { .. })
    }

    /// It hears something of a room by another way than by the list of rooms,
    /// which then says nothing more of that one.
    pub fn settled(&mut self, room: RoomKey) {
        if let Some(listing) = &mut self.listing
            && room > listing.after
        {
            listing.settled.insert(room);
        }
    }
}

/// How far a session has been told of its rooms, which come in the order of
/// their keys.
#[derive(Default)]
pub struct Listing {
    pub after: RoomKey,
    /// Rooms behind it that the session came into or left meanwhile: what is
    /// read of them may be older than what it was told.
    settled: FxHashSet<RoomKey>,
}

impl Listing {
    /// Whether the list is to tell of a room.
    pub fn wants(&self, room: RoomKey) -> bool {
        room > self.after && !self.settled.contains(&room)
    }
}

pub enum SessionState {
    /// Its user's rooms are being read.
    Connecting {
        resume: bool,
    },
    /// It was told where its rooms stand and is to say what it has. Each of
    /// these rooms is awaited (`RoomEntry::awaited_by_one_more`).
    AwaitingResume {
        listed: FxHashMap<RoomKey, Seq>,
    },
    Live,
}

/// A user with at least one connection.
pub struct OnlineUser {
    pub user: User,
    pub sessions: Vec<SessionId>,
    /// The user's memberships; `None` until they have been read.
    pub rooms: Option<FxHashMap<RoomKey, Standing>>,
    /// Counts the changes of the user's memberships, so that a read which
    /// was overtaken by one is done again.
    pub epoch: u64,
    /// What others have been told; `None` while nothing has.
    pub shown: Option<Status>,
    pub pace: Pace,
    /// Who is not told: the users whom this one has blocked.
    pub blocked: Arc<[UserKey]>,
}

impl OnlineUser {
    /// How the user is, for those who share a room with them.
    pub fn presence(&self, status: Status) -> NodePresence {
        let (user, rooms, blocked) = (self.user.clone(), self.room_keys(), self.blocked.clone());
        NodePresence { user, rooms, status, last_seen: None, blocked }
    }

    /// The rooms that are known.
    pub fn room_keys(&self) -> Vec<RoomKey> {
        self.rooms.iter().flat_map(FxHashMap::keys).copied().collect()
    }
}

/// The sessions and users in memory.
#[derive(Default)]
pub struct Sessions {
    // Boxed: half of a map's places are empty after it has grown.
    pub entries: FxHashMap<SessionId, Box<SessionEntry>>,
    pub users: FxHashMap<UserKey, Box<OnlineUser>>,
    /// Users who have come to be called or look otherwise since one of their sessions
    /// signed in. Mostly none: nothing is looked up for a message.
    changed: FxHashSet<UserKey>,
    /// Who hears what is told to a role context.
    contexts: FxHashMap<Arc<str>, FxHashSet<SessionId>>,
    /// Users who have come and gone, since somebody asked.
    changes: Option<Vec<(UserKey, bool)>>,
}

impl Sessions {
    /// Remembers from now on which users come and go.
    pub fn track(&mut self) {
        self.changes = Some(Vec::new());
    }

    /// Who has come and gone since the last time.
    pub fn take_changes(&mut self) -> Vec<(UserKey, bool)> {
        self.changes.as_mut().map(std::mem::take).unwrap_or_default()
    }

    pub fn add(&mut self, connect: Connect) {
        let Connect { session: at, user, roles, role_context, resume, .. } = connect;
        let Connect { token_id, sign_in, issued_at, origin, .. } = connect;
        let key = user.key;
        if let (Some(changes), false) = (&mut self.changes, self.users.contains_key(&key)) {
            changes.push((key, true));
        }
        let online = self.users.entry(key).or_insert_with(|| {
            Box::new(OnlineUser {
                user: user.clone(),
                sessions: Vec::with_capacity(1),
                rooms: None,
                epoch: 0,
                shown: None,
                pace: Pace::default(),
                blocked: Arc::default(),
            })
        });
        if !online.user.looks_as(&user) {
            self.changed.insert(key);
            online.user = user;
        }
        online.sessions.push(at.id);
        let subscribed = FxHashSet::default();
        let state = SessionState::Connecting { resume };
        let entry = SessionEntry {
            at,
            user: key,
            roles,
            role_context: None,
            token_id,
            sign_in,
            issued_at,
            state,
            subscribed,
            listing: None,
            origin,
            not_joined: None,
            away: false,
        };
        self.entries.insert(at.id, Box::new(entry));
        self.set_role_context(at.id, role_context);
    }

    /// A user who is there is called or looks otherwise.
    pub fn user_changed(&mut self, user: &User) {
        if let Some(online) = self.users.get_mut(&user.key) {
            online.user = user.clone();
            self.changed.insert(user.key);
        }
    }

    /// A user as they are now, if that may not be what their sessions know.
    pub fn user_since(&self, user: UserKey) -> Option<&User> {
        let is_changed = !self.changed.is_empty() && self.changed.contains(&user);
        if is_changed { self.users.get(&user).map(|online| &online.user) } else { None }
    }

    /// A session's token names a role context, or none any more.
    pub fn set_role_context(&mut self, id: SessionId, context: Option<Arc<str>>) {
        let Some(entry) = self.entries.get_mut(&id) else { return };
        let before = std::mem::replace(&mut entry.role_context, context.clone());
        self.leave_context(id, before);
        if let Some(context) = context {
            self.contexts.entry(context).or_default().insert(id);
        }
    }

    fn leave_context(&mut self, id: SessionId, context: Option<Arc<str>>) {
        let Some(context) = context else { return };
        if let Some(sessions) = self.contexts.get_mut(&context) {
            sessions.remove(&id);
            if sessions.is_empty() {
                self.contexts.remove(&context);
            }
        }
    }

    /// The sessions with a role context that have been told of their rooms.
    pub fn in_context(&self, context: &Arc<str>) -> impl Iterator<Item = SessionRef> {
        let sessions = self.contexts.get(context).into_iter().flatten();
        let entries = sessions.filter_map(|id| self.entries.get(id));
        entries.filter(|entry| !entry.is_connecting()).map(|entry| entry.at)
    }

    /// Gives the user, too, if that was their last session.
    pub fn remove(
        &mut self,
        id: SessionId,
    ) -> Option<(Box<SessionEntry>, Option<Box<OnlineUser>>)> {
        let mut entry = self.entries.remove(&id)?;
        self.leave_context(id, entry.role_context.take());
        let online = self.users.get_mut(&entry.user);
        let left = online.is_some_and(|online| {
            online.sessions.retain(|other| *other != id);
            online.sessions.is_empty()
        });
        let gone = if left { self.users.remove(&entry.user) } else { None };
        if left {
            self.changed.remove(&entry.user);
        }
        if let (Some(changes), true) = (&mut self.changes, left) {
            changes.push((entry.user, false));
        }
        Some((entry, gone))
    }

    /// Whether any of a user's clients says that somebody is there.
    pub fn status(&self, user: UserKey) -> Status {
        let Some(online) = self.users.get(&user) else { return Status::Offline };
        let sessions = online.sessions.iter().filter_map(|id| self.entries.get(id));
        if sessions.clone().all(|entry| entry.away) { Status::Away } else { Status::Online }
    }

    /// All of a user's sessions.
    pub fn ids_of(&self, user: UserKey) -> Arc<[SessionId]> {
        self.users.get(&user).map_or_else(Arc::default, |online| online.sessions[..].into())
    }

    /// Whom a user has blocked who is there.
    pub fn blocked_by(&self, user: UserKey) -> Arc<[UserKey]> {
        self.users.get(&user).map_or_else(Arc::default, |online| online.blocked.clone())
    }

    /// All sessions of some users.
    pub fn ids_of_all(&self, users: &[UserKey]) -> Arc<[SessionId]> {
        let online = users.iter().filter_map(|user| self.users.get(user));
        online.flat_map(|online| &online.sessions).copied().collect()
    }

    /// Those who are not told of a user's presence: the user's own sessions,
    /// and those of whom the user has blocked.
    pub fn unseeing(&self, user: UserKey, blocked: &[UserKey]) -> Arc<[SessionId]> {
        if blocked.is_empty() {
            return self.ids_of(user);
        }
        let users = std::iter::once(&user).chain(blocked);
        let online = users.filter_map(|user| self.users.get(user));
        online.flat_map(|online| &online.sessions).copied().collect()
    }

    /// A user does not want to hear from another, or does again.
    pub fn block_changed(&mut self, user: UserKey, other: UserKey, blocks: bool) {
        let Some(online) = self.users.get_mut(&user) else { return };
        online.epoch += 1;
        let kept = online.blocked.iter().copied().filter(|known| *known != other);
        online.blocked = kept.chain(blocks.then_some(other)).collect();
    }

    pub fn connections_of(&self, user: UserKey) -> usize {
        self.users.get(&user).map_or(0, |online| online.sessions.len())
    }

    /// The user's sessions that hear events.
    pub fn live_of(&self, user: UserKey) -> Vec<SessionRef> {
        self.of(user, |entry| matches!(entry.state, SessionState::Live))
    }

    pub fn all_of(&self, user: UserKey) -> Vec<SessionRef> {
        self.of(user, |_| true)
    }

    /// The user's sessions that have been told of their rooms.
    pub fn ready_of(&self, user: UserKey) -> Vec<SessionRef> {
        self.of(user, |entry| !entry.is_connecting())
    }

    fn of(&self, user: UserKey, is_meant: impl Fn(&SessionEntry) -> bool) -> Vec<SessionRef> {
        let Some(online) = self.users.get(&user) else { return Vec::new() };
        let entries = online.sessions.iter().filter_map(|id| self.entries.get(id));
        entries.filter(|entry| is_meant(entry)).map(|entry| entry.at).collect()
    }

    /// How the user stands in a room, if the user's memberships are in memory.
    pub fn standing(&self, user: UserKey, room: RoomKey) -> Option<Option<Standing>> {
        let rooms = self.users.get(&user)?.rooms.as_ref()?;
        Some(rooms.get(&room).copied())
    }

    pub fn membership_changed(&mut self, user: UserKey, room: RoomKey, standing: Option<Standing>) {
        let Some(online) = self.users.get_mut(&user) else { return };
        online.epoch += 1;
        let Some(rooms) = &mut online.rooms else { return };
        match standing {
            Some(standing) => rooms.insert(room, standing),
            None => rooms.remove(&room),
        };
    }

    /// A member stands otherwise in a room. Also while the user's memberships
    /// are being read: what is read then may be older than this.
    pub fn standing_changed(
        &mut self,
        user: UserKey,
        room: RoomKey,
        change: impl FnOnce(&mut Standing),
    ) {
        let Some(online) = self.users.get_mut(&user) else { return };
        online.epoch += 1;
        if let Some(standing) = online.rooms.as_mut().and_then(|rooms| rooms.get_mut(&room)) {
            change(standing);
        }
    }

    /// The users in memory who are members of a room.
    pub fn members_of(&self, room: RoomKey) -> Vec<UserKey> {
        let is_member = |online: &&OnlineUser| {
            online.rooms.as_ref().is_some_and(|rooms| rooms.contains_key(&room))
        };
        self.users
            .values()
            .map(Box::as_ref)
            .filter(is_member)
            .map(|online| online.user.key)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::{IsValid, WorkerId};
    use parlor_domain::UserId;

    fn connect(id: u64, context: &str) -> Connect {
        let origin = Origin { device_id: None, address: None, connected_at: Timestamp(0) };
        Connect {
            session: SessionRef { id: SessionId(id), worker: WorkerId(0) },
            user: User {
                key: UserKey(1),
                id: UserId::from_stored("u"),
                name: "U".into(),
                avatar: None,
            },
            roles: Vec::new(),
            role_context: Some(context.into()),
            token_id: None,
            sign_in: None,
            issued_at: None,
            resume: false,
            join: None,
            origin,
            is_valid: IsValid(Box::new(|| Ok(()))),
        }
    }

    #[test]
    fn a_role_context_has_the_sessions_whose_tokens_name_it_now() {
        let mut sessions = Sessions::default();
        for (id, context) in [(1, "a"), (2, "a"), (3, "b")] {
            sessions.add(connect(id, context));
        }
        let heard = |sessions: &Sessions, context: &str| {
            let mut ids: Vec<u64> =
                sessions.in_context(&context.into()).map(|session| session.id.0).collect();
            ids.sort_unstable();
            ids
        };
        assert!(heard(&sessions, "a").is_empty(), "not before they know their rooms");
        sessions.entries.values_mut().for_each(|entry| entry.state = SessionState::Live);
        assert_eq!(heard(&sessions, "a"), [1, 2]);
        sessions.set_role_context(SessionId(1), Some("b".into()));
        sessions.set_role_context(SessionId(3), None);
        assert_eq!((heard(&sessions, "a"), heard(&sessions, "b")), (vec![2], vec![1]));
        sessions.remove(SessionId(1));
        sessions.remove(SessionId(2));
        assert!(sessions.contexts.is_empty(), "nothing is left of them");
    }
}
