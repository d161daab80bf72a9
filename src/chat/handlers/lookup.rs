//! What has to be read before a request goes on, or is answered.

use actix::Context;

use crate::chat::{ChatError, ChatServer, ReplyTo, Requester, Shown};
use parlor_domain::{RoomKey, RoomOverview, User, UserId, UserKey};

impl ChatServer {
    /// Looks a user up, unless it is the requester; says which.
    pub fn with_user<A: Shown>(
        &mut self,
        from: Requester,
        id: UserId,
        reply: ReplyTo<A>,
        ctx: &mut Context<Self>,
        then: impl FnOnce(&mut Self, User, ReplyTo<A>, bool, &mut Context<Self>) + Send + 'static,
    ) {
        if id == from.user.id {
            return then(self, from.user, reply, true, ctx);
        }
        let reader = self.reader.clone();
        let reading = async move { reader.user(&id).await };
        Self::when(ctx, reading, move |user, server, ctx| {
            match user {
                Ok(Some(user)) => then(server, user, reply, false, ctx),
                Ok(None) => server.answer(reply, Err(ChatError::NotFound("user"))),
                Err(error) => server.answer(reply, Err(error.into())),
            }
            server.fanout.flush();
        });
    }

    /// Reads a room as it is for a member before a commit is answered.
    pub fn with_overview(
        &mut self,
        room: RoomKey,
        user: UserKey,
        ctx: &mut Context<Self>,
        then: impl FnOnce(&mut Self, Result<Option<RoomOverview>, ChatError>, &mut Context<Self>)
        + Send
        + 'static,
    ) {
        let reader = self.reader.clone();
        let reading = async move { reader.overview(room, user).await };
        self.finishing += 1;
        Self::when(ctx, reading, move |read, server, ctx| {
            then(server, read.map_err(ChatError::from), ctx);
            server.fanout.flush();
            server.finishing -= 1;
            server.finish_drain_if_idle();
        });
    }
}
