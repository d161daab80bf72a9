//! Rooms of two, and who does not want to hear from whom.

use actix::Context;

use crate::{
    chat::{ChatServer, server::now},
    db::ReadError,
    protocol::events::{self, PresenceView},
};
use parlor_domain::{RoomKey, Status, UserKey};

impl ChatServer {
    /// Who is blocked sees the user no more, as if they had gone; and sees them
    /// again when it is lifted. The user may be on another node.
    pub fn block_changed(
        &mut self,
        user: UserKey,
        other: UserKey,
        blocks: bool,
        ctx: &mut Context<Self>,
    ) {
        self.sessions.block_changed(user, other, blocks);
        if !self.sessions.users.contains_key(&other) {
            return;
        }
        let reader = self.reader.clone();
        let reading = async move {
            let shares = reader.share_a_room(user, other).await?;
            Ok::<_, ReadError>(reader.user_by_key(user).await?.filter(|_| shares))
        };
        Self::when(ctx, reading, move |read, server, ctx| {
            let Ok(Some(user)) = read else { return };
            server.with_statuses(vec![user.key], ctx, move |server, statuses| {
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
