//! Who is there, and who is typing: told, and not kept.

use std::{sync::Arc, time::Instant};

use super::{ChatServer, answer::ReplyTo};
use crate::{
    chat::{
        Access, ChatError, Item, NodePresence, Requester, SessionId,
        state::presence::{Arrival, Departing},
        state::sessions::OnlineUser,
    },
    clock::now,
    db::{NoteSeen, SetPresence},
    protocol::events::{self, PresenceView},
};
use parlor_domain::{
    Room, RoomKey, Status, Timestamp, User, UserKey,
    limits::{BATCH_WRITES, PRESENCE_WRITES},
};
use parlor_websocket::Frame;

impl ChatServer {
    // Typing

    pub fn typing(
        &mut self,
        from: &Requester,
        is_typing: bool,
        reply: ReplyTo<()>,
        access: &Access,
    ) {
        let ReplyTo::Session { session, .. } = &reply else {
            return self.answer(reply, Err(ChatError::Internal));
        };
        let (room, user) = (access.room.key, from.user.key);
        let tell = if !is_typing {
            self.typing.ends(room, user)
        } else {
            !self.is_big(room) && self.typing.begins(room, user, session.id, Instant::now())
        };
        if tell {
            let blocked = self.sessions.blocked_by(user);
            self.tell_typing(&access.room, &from.user, &blocked, is_typing);
        }
        self.answer(reply, Ok(()));
    }

    /// To the others in the room whom the user has not blocked.
    fn tell_typing(&mut self, room: &Room, user: &User, blocked: &Arc<[UserKey]>, is_typing: bool) {
        let frame = events::typing(&room.id, &user.id, is_typing, now());
        self.nodes.tell_ephemeral(vec![room.key], user.key, blocked.clone(), &frame);
        let except = self.sessions.unseeing(user.key, blocked);
        self.tell_ephemeral(room.key, frame, except);
    }

    /// Whoever sends, leaves or is muted has stopped typing.
    pub fn stop_typing(&mut self, room: &Room, user: &User) {
        if !self.typing.is_empty() && self.typing.ends(room.key, user.key) {
            let blocked = self.sessions.blocked_by(user.key);
            self.tell_typing(room, user, &blocked, false);
        }
    }

    fn tell_stopped(&mut self, stopped: Vec<(RoomKey, UserKey)>) {
        for (room, user) in stopped {
            let room = self.rooms.get(room).map(|entry| entry.room.clone());
            let user = self.sessions.users.get(&user).map(|online| online.user.clone());
            if let Some((room, user)) = room.zip(user) {
                let blocked = self.sessions.blocked_by(user.key);
                self.tell_typing(&room, &user, &blocked, false);
            }
        }
    }

    pub(super) fn tell_ephemeral(&mut self, room: RoomKey, frame: Frame, except: Arc<[SessionId]>) {
        self.tell_room(room, &Item::Ephemeral { room, frame: frame.for_many(), except });
    }

    /// Whether a room has so many members that who does what is not told.
    pub(super) fn is_big(&self, room: RoomKey) -> bool {
        let most = i64::try_from(self.settings.limits.big_room_members).unwrap_or(i64::MAX);
        self.rooms.get(room).is_some_and(|entry| entry.members > most)
    }

    // Presence

    /// A session has been told of its rooms: its user is there.
    pub(super) fn arrived(&mut self, user: UserKey) {
        let still_seen = self.departures.is_back(user);
        let status = self.sessions.status(user);
        let Some(online) = self.sessions.users.get_mut(&user) else { return };
        let seen = online.shown.or(still_seen);
        let first = seen.is_none();
        if !first && seen != Some(status) && !online.pace.may_tell(Instant::now()) {
            online.shown = seen;
            self.status_later.insert(user);
            return;
        }
        online.shown = Some(status);
        if seen == Some(status) {
            return;
        }
        let presence = online.presence(status);
        let user = presence.user.key;
        self.tell_presence(presence);
        if first && self.settings.tells_arrivals {
            self.arrivals.note(user, true, now());
        }
    }

    /// A session has ended; `gone` if it was its user's last one.
    pub(super) fn departed(
        &mut self,
        session: SessionId,
        user: UserKey,
        gone: Option<Box<OnlineUser>>,
    ) {
        let stopped = self.typing.session_ended(session);
        if !self.streams.is_empty() {
            self.streams.session_ended(session, Instant::now());
        }
        if let Some(online) = gone {
            for (room, _) in stopped {
                if let Some(room) = self.rooms.get(room).map(|entry| entry.room.clone()) {
                    self.tell_typing(&room, &online.user, &online.blocked, false);
                }
            }
            if let (Some(shown), false) = (online.shown, self.erased.contains(user)) {
                let (rooms, blocked) = (online.room_keys(), online.blocked);
                let (user, gone_at) = (online.user, now());
                let departing = Departing { user, shown, rooms, blocked, gone_at };
                self.departures.left(departing, Instant::now());
            }
            return;
        }
        self.tell_stopped(stopped);
        self.status_changed(user);
    }

    fn status_changed(&mut self, user: UserKey) {
        let status = self.sessions.status(user);
        let Some(online) = self.sessions.users.get_mut(&user) else { return };
        // Not shown yet: it will be with this status.
        if online.shown.is_none() || online.shown == Some(status) {
            return;
        }
        if !online.pace.may_tell(Instant::now()) {
            self.status_later.insert(user);
            return;
        }
        online.shown = Some(status);
        let presence = online.presence(status);
        self.tell_presence(presence);
    }

    pub fn set_presence(&mut self, status: Status, reply: ReplyTo<()>) {
        if let ReplyTo::Session { session, .. } = &reply
            && let Some(entry) = self.sessions.entries.get_mut(&session.id)
        {
            entry.away = status == Status::Away;
            let user = entry.user;
            self.status_changed(user);
        }
        self.answer(reply, Ok(()));
    }

    /// To those who share a room with the user that is not big.
    fn tell_presence(&mut self, presence: NodePresence) {
        if self.nodes.has_others() {
            // They may be there on another node: what all of them together
            // say is told.
            let NodePresence { user, rooms, status, last_seen, blocked } = presence;
            let rooms = rooms.into_iter().filter(|room| !self.is_big(*room)).collect();
            let presence = NodePresence { user, rooms, status, last_seen, blocked };
            return self.nodes.tell_presence(presence);
        }
        self.tell_status_of(&presence);
    }

    /// The same, once it is known what all nodes say.
    pub(super) fn tell_status_of(&mut self, presence: &NodePresence) {
        let NodePresence { user, rooms, status, last_seen, blocked } = presence;
        let small: Vec<RoomKey> =
            rooms.iter().copied().filter(|room| !self.is_big(*room)).collect();
        let entries: Vec<_> = small.iter().filter_map(|room| self.rooms.get(*room)).collect();
        if entries.is_empty() {
            return;
        }
        let frame = events::presence(&PresenceView::new(&user.id, *status, *last_seen), now());
        // Who it is about knows.
        let except = self.sessions.unseeing(user.key, blocked);
        let item = Item::Presence { rooms: small.into(), frame: frame.for_many(), except };
        self.fanout.tell_rooms(&entries, &item);
    }

    /// Writes some of it down. Not all at once: thousands who come and go
    /// together must not take the place of messages.
    fn record_presence(&mut self) {
        if self.draining.is_some() {
            return;
        }
        for Arrival { user, online, at } in self.arrivals.take(PRESENCE_WRITES) {
            self.write_and_answer(ReplyTo::nobody(), SetPresence { user, online, at });
        }
    }

    /// The server stops: everyone who is there was seen now.
    pub(super) fn record_last_seen(&mut self) {
        let now = now();
        let left = self.arrivals.take(usize::MAX);
        let mut seen: Vec<(UserKey, Timestamp)> =
            left.into_iter().map(|Arrival { user, at, .. }| (user, at)).collect();
        let gone = self.departures.all();
        seen.extend(gone.map(|departing| (departing.user.key, departing.gone_at)));
        seen.extend(self.sessions.users.keys().map(|user| (*user, now)));
        for seen in seen.chunks(BATCH_WRITES) {
            self.write_and_answer(ReplyTo::nobody(), NoteSeen(seen.to_vec()));
        }
    }

    /// Looks who has stopped typing, and who has gone for good.
    pub(in crate::chat) fn look_after_presence(&mut self) {
        let now = Instant::now();
        if !self.typing.is_empty() {
            let stopped = self.typing.expired(now);
            self.tell_stopped(stopped);
        }
        for user in std::mem::take(&mut self.status_later) {
            self.status_changed(user);
        }
        let (grace, users) = (self.settings.presence_grace, &self.sessions.users);
        let gone = self.departures.gone(now, grace, |user| users.contains_key(&user));
        for Departing { user, shown: _, rooms, blocked, gone_at } in gone {
            let (key, status, last_seen) = (user.key, Status::Offline, Some(gone_at));
            self.tell_presence(NodePresence { user, rooms, status, last_seen, blocked });
            self.arrivals.note(key, false, gone_at);
        }
        self.record_presence();
        self.look_after_crowds();
    }

    /// How many of this node's connections hear a room.
    pub fn subscribers_of(&self, room: RoomKey) -> usize {
        let count = self.rooms.get(room).map_or(0, |entry| entry.subscriber_count());
        usize::try_from(count).unwrap_or(usize::MAX)
    }
}
