//! What an import has brought into rooms that may be in use.

use std::{sync::Arc, time::Instant};

use super::{ChatServer, turn::Turn};
use crate::{
    chat::{FromNode, FromNodes, state::rooms::RoomSeen},
    db::{GrownRoom, ImportedLive},
};

impl ChatServer {
    /// As if another node had committed it: what is behind the position that was told
    /// last is read, and told in its order. A room that nobody uses is in memory from now
    /// on, for whoever has read just before where it was.
    pub fn tell_imported(&mut self, imported: &ImportedLive) {
        for GrownRoom { room, head, members } in &imported.grown {
            let room = Arc::new(room.clone());
            let seen = RoomSeen { room: &room, head: *head, members: *members };
            self.rooms.activate(&seen, Instant::now());
            self.rooms.members_are(room.key, *members);
            self.read_up_to(room.key, *head);
        }
        FromNodes(imported.happened.iter().cloned().map(FromNode::Happened).collect()).take(self);
    }
}
