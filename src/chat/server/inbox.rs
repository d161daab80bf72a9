//! A user's inbox: a timeline like a room's, which the user's clients follow.

use std::{sync::Arc, time::Instant};

use super::{ChatServer, subscribe::Since};
use crate::chat::{CatchUpKind, state::rooms::RoomSeen};
use parlor_domain::{Role, Room, RoomId, RoomKey, RoomOverview, Seq, Standing, User};

impl ChatServer {
    /// Takes a user's inbox into memory; all of their clients follow it.
    ///
    /// Where it was not there, nothing was in it when they came: so they get
    /// all of it, also where several events come at once.
    pub fn follow_inbox(&mut self, user: &User, start: Seq) {
        let inbox = self.inbox_overview(user, start);
        self.rooms.activate(&RoomSeen::from(&inbox), Instant::now());
        for session in self.sessions.live_of(user.key) {
            if !self.is_subscribed(session, inbox.room.key) {
                self.attach(session, CatchUpKind::Quiet, vec![(inbox.clone(), Since::Now)]);
            }
        }
    }

    /// A user's inbox, if there is anything in it. It may have got its first
    /// event since it was read.
    pub(super) fn inbox_of(&self, user: &User, last: Seq) -> Option<RoomOverview> {
        let known = self.rooms.get(RoomKey::inbox_of(user.key)).map(|entry| entry.timeline.head());
        let head = known.map_or(last, |known| known.max(last));
        (head > Seq::ZERO).then(|| self.inbox_overview(user, head))
    }

    /// A user's inbox as a timeline to follow. Its name is no room's: it has a
    /// blank in it.
    pub(super) fn inbox_overview(&self, user: &User, head: Seq) -> RoomOverview {
        let id = RoomId::from_stored(format!("inbox of {}", user.id));
        let room = Room::stub(RoomKey::inbox_of(user.key), id);
        self.new_membership(Arc::new(room), Standing::new(Role::ReadOnly), head, 1)
    }
}
