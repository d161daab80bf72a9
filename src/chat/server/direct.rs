//! Rooms of two, and who does not want to hear from whom.

use super::ChatServer;
use crate::{
    clock::now,
    db::ReadError,
    protocol::events::{self, PresenceView},
};
use parlor_domain::{RoomKey, Status, UserKey};

impl ChatServer {
    /// Who is blocked sees the user no more, as if they had gone; and sees them
    /// again when it is lifted. The user may be on another node.
    pub fn block_changed(&mut self, user: UserKey, other: UserKey, blocks: bool) {
        self.sessions.block_changed(user, other, blocks);
        if !self.sessions.users.contains_key(&other) {
            return;
        }
        let reader = self.reader.clone();
        let reading = async move {
            let shares = reader.share_a_room(user, other).await?;
            Ok::<_, ReadError>(reader.user_by_key(user).await?.filter(|_| shares))
        };
        self.when(reading, move |read, server| {
            let Ok(Some(user)) = read else { return };
            server.with_statuses(vec![user.key], move |server, statuses| {
                let seen = if blocks { None } else { statuses.first() };
                let status = seen.map_or(Status::Offline, |(_, status)| *status);
                let frame = events::presence(&PresenceView::new(&user.id, status, None), now());
                server.tell_user(other, &frame);
            });
        });
    }

    /// Direct rooms whose other user was deleted take no messages.
    pub(super) fn left_alone(&mut self, alone: &[(RoomKey, UserKey)]) {
        for (room, user) in alone {
            self.restrictions.restrict(*user, *room);
            self.sessions.standing_changed(*user, *room, |known| known.peer_deleted = true);
        }
    }
}
