//! Rooms that were made, changed, cleared and deleted.

use std::sync::Arc;

use super::ChatServer;
use crate::{
    chat::Item,
    clock::now,
    db::{Cleared, Purge},
    protocol::events,
};
use parlor_domain::{Preferences, Room, RoomKey, RoomOverview, RoomState, Seq, Standing, UserKey};
use parlor_process::span;

impl ChatServer {
    pub fn cleared(&mut self, room: &Room, Cleared { seq, upto }: Cleared) {
        self.tell_event(room.key, seq, events::room_cleared(&room.id, seq, upto, now()));
        self.end_cleared_streams(room.key, upto);
        self.purge(room.key);
    }

    /// Nobody hears the room any more.
    pub fn tell_deleted(&mut self, room: &Room) {
        let members = self.sessions.members_of(room.key);
        self.tell_gone(room, members);
    }

    /// The same for a room whose `members` are known, because looking for them
    /// goes through everybody who is there.
    pub fn tell_gone(&mut self, room: &Room, members: Vec<UserKey>) {
        let key = room.key;
        let frame = events::room_deleted(&room.id, now());
        // Its members hear of it by the room, or as members who have
        // unsubscribed: each connection once.
        self.tell_notice(key, frame.clone());
        for user in members {
            for session in self.sessions.ready_of(user) {
                if !self.is_subscribed(session, key) {
                    self.tell_session(session, frame.clone());
                }
                self.detach_session(session.id, key);
            }
            self.sessions.membership_changed(user, key, None);
        }
        for session in self.watchers.end_all(key).into_iter().flat_map(|watch| watch.sessions) {
            self.detach_session(session, key);
        }
        self.fanout.tell_all(&Item::RoomGone { room: key });
        self.rooms.remove(key);
        self.end_cleared_streams(key, Seq(i64::MAX));
        self.restrictions.restrict_all(key);
    }

    pub fn purge(&mut self, room: RoomKey) {
        if self.purges.push(room) {
            self.purge_next();
        }
    }

    /// Continues to delete the rows that nobody can see, a bounded number at
    /// a time, so that the write lane stays free.
    pub(super) fn purge_next(&mut self) {
        let _apart = span::apart();
        if let (Some(room), None) = (self.purges.first(), &self.draining) {
            self.write(Purge { room }, |server, more| {
                // One that fails is tried again at the next start.
                if !more.unwrap_or(false) {
                    server.purges.done();
                }
                server.purge_next();
            });
        }
    }

    /// The room's title, its rules or the like have changed.
    pub fn tell_updated(&mut self, room: Room) {
        let room = Arc::new(room);
        self.restrictions.restrict_all(room.key);
        if room.rules.blocklists.is_some() {
            self.settings.lists.note_rooms();
        }
        self.rooms.updated(&room);
        self.tell_notice(room.key, events::room_updated(&room, now()));
    }

    /// A room as its newest member sees it: nothing in it is unread.
    pub fn new_membership(
        &self,
        room: Arc<Room>,
        standing: Standing,
        last_seq: Seq,
        member_count: i64,
    ) -> RoomOverview {
        let state = RoomState {
            standing,
            read_seq: Seq::ZERO,
            delivered_seq: Seq::ZERO,
            unread: 0,
            mentions: 0,
            unread_from: None,
            preferences: Preferences::default(),
        };
        RoomOverview {
            epoch: self.reader.epoch_of(room.key),
            room,
            last_seq,
            member_count,
            state: Some(state),
            peer: None,
            last_message: None,
        }
    }
}
