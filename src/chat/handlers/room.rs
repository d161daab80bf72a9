//! Rooms that were made, changed, cleared and deleted.

use std::sync::Arc;

use crate::{
    chat::{ChatServer, fanout::Item, server::now},
    db::Cleared,
    protocol::events,
};
use parlor_domain::{Room, RoomKey, RoomOverview, RoomState, Seq, Standing, UserKey};

impl ChatServer {
    pub fn cleared(&mut self, room: &Room, Cleared { seq, upto }: Cleared) {
        self.tell_event(room.key, seq, events::room_cleared(&room.id, seq, upto, now()));
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
                    let item = Item::Frame { session: session.id, frame: frame.clone() };
                    self.fanout.tell_worker(session.worker, item);
                }
                self.detach_session(session.id, key);
            }
            self.sessions.membership_changed(user, key, None);
        }
        self.fanout.tell_all(&Item::RoomGone { room: key });
        self.rooms.remove(key);
        self.restrictions.end_room(key);
    }

    pub fn purge(&mut self, room: RoomKey) {
        if self.purges.push(room) {
            self.purge_next();
        }
    }

    pub fn purged(&mut self, more: bool) {
        if !more {
            self.purges.done();
        }
        self.purge_next();
    }
}

impl ChatServer {
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
