//! A user's inbox: a timeline like a room's, which the user's clients follow.

use std::{sync::Arc, time::Instant};

use super::{ChatServer, subscribe::Since};
use crate::{
    chat::{CatchUpKind, state::rooms::RoomSeen},
    protocol::events,
};
use parlor_domain::{
    InboxEvent, Role, Room, RoomId, RoomKey, RoomOverview, Seq, Standing, User, UserKey,
};

impl ChatServer {
    /// An event has come into an inbox that began at `start`. One who is there is told at
    /// once; one who is not when they come.
    pub fn tell_inbox(&mut self, user: UserKey, event: &InboxEvent, start: Seq) {
        if let Some(online) = self.sessions.users.get(&user) {
            // Kept also while nobody listens yet: whoever is connecting
            // compares what they have read with this head.
            let user = online.user.clone();
            self.follow_inbox(&user, start);
        }
        let inbox = RoomKey::inbox_of(user);
        self.tell_event(inbox, event.inbox_seq, events::published_to_user(event));
    }

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
