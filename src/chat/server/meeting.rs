//! Somebody who is there comes into a room: those who are in it see them, and
//! they see those.

use tokio::sync::oneshot;

use super::ChatServer;
use crate::{
    chat::{AskedNodes, NodePresence},
    clock::now,
    db::ReadError,
    protocol::events::{self, PresenceView},
};
use parlor_domain::{RoomKey, Status, User, UserKey};

impl ChatServer {
    /// Not in big rooms, where nobody is told who is there.
    pub fn met(&self, user: UserKey, room: RoomKey) {
        let is_shown = self.sessions.users.get(&user).is_some_and(|online| online.shown.is_some());
        if !is_shown || self.is_crowd(room) {
            return;
        }
        let most = i64::try_from(self.settings.limits.big_room_members).unwrap_or(i64::MAX);
        let reader = self.reader.clone();
        let reading = async move {
            let (members, _) = reader.members(room, None, most).await?;
            let users: Vec<User> = members.into_iter().map(|member| member.user).collect();
            let keys: Vec<UserKey> = users.iter().map(|user| user.key).collect();
            let blockers = reader.blockers_of(user, &keys).await?;
            Ok::<_, ReadError>((users, blockers))
        };
        self.when(reading, move |read, server| {
            // Whoever is not told can ask.
            let Ok((users, blockers)) = read else { return };
            let keys = users.iter().map(|user| user.key).collect();
            server.with_statuses(keys, move |server, statuses| {
                server.tell_meeting(user, room, &users, &blockers, &statuses);
            });
        });
    }

    fn tell_meeting(
        &mut self,
        newcomer: UserKey,
        room: RoomKey,
        users: &[User],
        blockers: &[UserKey],
        statuses: &[(UserKey, Status)],
    ) {
        // Gone again meanwhile, from the room or for good.
        if self.sessions.standing(newcomer, room).flatten().is_none() {
            return;
        }
        let status_of = |user: UserKey| {
            let known = statuses.iter().find(|(key, _)| *key == user);
            known.map_or(Status::Offline, |(_, status)| *status)
        };
        let Some(online) = self.sessions.users.get(&newcomer) else { return };
        let own = NodePresence { rooms: vec![room], ..online.presence(status_of(newcomer)) };
        if own.status != Status::Offline {
            let frame = events::presence(&PresenceView::new(&own.user.id, own.status, None), now());
            self.nodes.tell_ephemeral(vec![room], newcomer, own.blocked.clone(), &frame);
            self.tell_status_of(&own);
        }
        let is_there = |user: &&User| user.key != newcomer && !blockers.contains(&user.key);
        let views = users.iter().filter(is_there).filter_map(|user| {
            let status = status_of(user.key);
            (status != Status::Offline).then(|| PresenceView::new(&user.id, status, None))
        });
        let views: Vec<PresenceView<'_>> = views.collect();
        let Some(room) = self.rooms.get(room).map(|entry| entry.room.clone()) else { return };
        if !views.is_empty() {
            self.tell_user(newcomer, &events::room_presence(&room.id, views, now()));
        }
    }

    /// How users are, as all nodes together say.
    pub fn with_statuses(
        &mut self,
        users: Vec<UserKey>,
        then: impl FnOnce(&mut Self, Vec<(UserKey, Status)>) + Send + 'static,
    ) {
        let status = |user: UserKey| {
            // Those in the grace, and those who are connecting again.
            let shown = self.departures.shown(user);
            (user, shown.unwrap_or_else(|| self.sessions.status(user)))
        };
        let known: Vec<_> = users.into_iter().map(status).collect();
        if !self.nodes.has_others() {
            return then(self, known);
        }
        let (answer, answered) = oneshot::channel();
        self.nodes.ask(AskedNodes { users: known.clone(), answer });
        self.when(answered, move |answered, server| {
            // Who cannot ask the others tells what it knows itself.
            then(server, answered.unwrap_or(known));
        });
    }
}
