//! The sessions and their users, as the ChatServer knows them.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::{ReplyTo, Request, SessionId, SessionRef};
use crate::domain::{Role, RoomKey, Seq, User, UserKey};

/// One connection.
pub(super) struct SessionEntry {
    pub at: SessionRef,
    pub user: UserKey,
    pub roles: Vec<Arc<str>>,
    pub state: SessionState,
    pub subscribed: FxHashSet<RoomKey>,
    /// What the session asked before it was told of its rooms; it waits for
    /// that, or a resume would find no rooms. Bounded by the requests of a
    /// session that may be unanswered.
    pub early: Vec<Request>,
}

pub(super) enum SessionState {
    /// Its user's rooms are being read.
    Connecting {
        resume: bool,
    },
    /// It was told where its rooms stand and is to say what it has.
    AwaitingResume {
        told: FxHashMap<RoomKey, Seq>,
    },
    Live,
}

/// A user with at least one connection.
pub(super) struct OnlineUser {
    pub user: User,
    pub sessions: Vec<SessionId>,
    /// The user's memberships; `None` until they have been read.
    pub rooms: Option<FxHashMap<RoomKey, Role>>,
    /// Counts the changes of the user's memberships, so that a read which
    /// was overtaken by one is done again.
    pub epoch: u64,
}

/// The sessions and users in memory.
#[derive(Default)]
pub(super) struct Sessions {
    pub entries: FxHashMap<SessionId, SessionEntry>,
    pub users: FxHashMap<UserKey, OnlineUser>,
}

impl Sessions {
    pub fn add(&mut self, at: SessionRef, user: User, roles: Vec<Arc<str>>, resume: bool) {
        let key = user.key;
        let online = self.users.entry(key).or_insert_with(|| OnlineUser {
            user: user.clone(),
            sessions: Vec::with_capacity(1),
            rooms: None,
            epoch: 0,
        });
        online.user = user;
        online.sessions.push(at.id);
        let subscribed = FxHashSet::default();
        let state = SessionState::Connecting { resume };
        let early = Vec::new();
        self.entries.insert(at.id, SessionEntry { at, user: key, roles, state, subscribed, early });
    }

    pub fn remove(&mut self, id: SessionId) -> Option<SessionEntry> {
        let entry = self.entries.remove(&id)?;
        if let Some(online) = self.users.get_mut(&entry.user) {
            online.sessions.retain(|other| *other != id);
            if online.sessions.is_empty() {
                self.users.remove(&entry.user);
            }
        }
        Some(entry)
    }

    pub fn connections_of(&self, user: UserKey) -> usize {
        self.users.get(&user).map_or(0, |online| online.sessions.len())
    }

    /// Keeps a request of a session that has not been told of its rooms yet;
    /// gives back any other.
    pub fn keep_early(&mut self, request: Request) -> Option<Request> {
        let ReplyTo::Session { session, .. } = &request.reply else { return Some(request) };
        match self.entries.get_mut(&session.id) {
            Some(entry) if matches!(entry.state, SessionState::Connecting { .. }) => {
                entry.early.push(request);
                None
            }
            Some(_) | None => Some(request),
        }
    }

    /// The user's sessions that have been told of their rooms.
    pub fn ready_of(&self, user: UserKey) -> Vec<SessionRef> {
        let Some(online) = self.users.get(&user) else { return Vec::new() };
        online
            .sessions
            .iter()
            .filter_map(|id| self.entries.get(id))
            .filter(|entry| !matches!(entry.state, SessionState::Connecting { .. }))
            .map(|entry| entry.at)
            .collect()
    }

    /// The user's role in a room, if the user's memberships are in memory.
    pub fn role(&self, user: UserKey, room: RoomKey) -> Option<Option<Role>> {
        let rooms = self.users.get(&user)?.rooms.as_ref()?;
        Some(rooms.get(&room).copied())
    }

    pub fn membership_changed(&mut self, user: UserKey, room: RoomKey, role: Option<Role>) {
        let Some(online) = self.users.get_mut(&user) else { return };
        online.epoch += 1;
        let Some(rooms) = &mut online.rooms else { return };
        match role {
            Some(role) => rooms.insert(room, role),
            None => rooms.remove(&room),
        };
    }

    /// The users in memory who are members of a room.
    pub fn members_of(&self, room: RoomKey) -> Vec<UserKey> {
        let is_member = |online: &&OnlineUser| {
            online.rooms.as_ref().is_some_and(|rooms| rooms.contains_key(&room))
        };
        self.users.values().filter(is_member).map(|online| online.user.key).collect()
    }
}
