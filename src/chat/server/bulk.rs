//! Many members of a room come and go at once.

use std::{sync::Arc, time::Instant};

use super::{
    ChatServer,
    answer::ReplyTo,
    member::{Leaving, standing_of},
};
use crate::{
    chat::{ChatError, state::rooms::RoomSeen},
    db::{ChangeMembers, ChangedMembers},
    protocol::events::Departure,
};
use parlor_domain::{RoomId, UserKey, limits::MEMBERS_TOLD};
use parlor_process::span;

/// Hands a change to the database.
pub(super) type StartBulk = dyn FnOnce(&mut ChatServer);

impl ChatServer {
    /// Changes many members of a room; one such change is carried out at a time. What
    /// anybody asks in the room meanwhile waits until it is settled.
    pub fn change_members(
        &mut self,
        from: UserKey,
        room: RoomId,
        change: ChangeMembers,
        then: impl FnOnce(&mut Self, Result<ChangedMembers, ChatError>) + 'static,
    ) {
        if !self.bulks.has_place(from) {
            return then(self, Err(ChatError::unavailable()));
        }
        let start: Box<StartBulk> = Box::new(span::carried(move |server: &mut Self| {
            server.write_in_room(room, change, move |server, changed| {
                if let Ok(changed) = &changed {
                    server.tell_changed_members(changed);
                }
                then(server, changed);
                if let Some(next) = server.bulks.done() {
                    next(server);
                }
            });
        }));
        if let Some(start) = self.bulks.enter(from, start) {
            start(self);
        }
    }

    /// Each of them is told, and those who are there as of one who comes or goes; of
    /// very many at once they are told how many there are.
    fn tell_changed_members(&mut self, changed: &ChangedMembers) {
        let ChangedMembers { room, last_seq, member_count, added, updated, removed, .. } = changed;
        let (room, member_count) = (Arc::new(room.clone()), *member_count);
        let seen = RoomSeen { room: &room, head: *last_seq, members: member_count };
        self.rooms.activate(&seen, Instant::now());
        self.rooms.members_are(room.key, member_count);
        if added.len() + updated.len() + removed.len() > MEMBERS_TOLD {
            self.crowds.burst(room.key, Instant::now());
        }
        for user in removed {
            let (user, room) = (user.clone(), room.clone());
            self.tell_left(&Leaving { user, room, why: Departure::Removed }, member_count);
        }
        for member in updated {
            self.tell_member(&room, member);
        }
        for member in added {
            let standing = standing_of(member);
            let overview = self.new_membership(room.clone(), standing, *last_seq, member_count);
            self.came(member, &overview);
        }
        if !removed.is_empty() {
            self.end_if_left(&room, member_count, ReplyTo::nobody());
        }
    }
}
