//! What has to be read before a request goes on, or is answered.

use super::{ChatServer, answer::ReplyTo};
use crate::chat::ChatError;
use parlor_domain::{RoomKey, RoomOverview, UserKey};

impl ChatServer {
    /// Reads a room as it is for a member before a commit is answered.
    pub fn with_overview(
        &mut self,
        room: RoomKey,
        user: UserKey,
        then: impl FnOnce(&mut Self, Result<Option<RoomOverview>, ChatError>) + Send + 'static,
    ) {
        let reader = self.reader.clone();
        let reading = async move { reader.overview(room, user).await };
        self.finishing += 1;
        self.when(reading, move |read, server| {
            then(server, read.map_err(ChatError::from));
            server.finishing -= 1;
        });
    }

    /// Answers with a room as a user sees it now.
    pub fn answer_overview(
        &mut self,
        reply: ReplyTo<Box<RoomOverview>>,
        room: RoomKey,
        user: UserKey,
    ) {
        self.with_overview(room, user, move |server, read| {
            let read = read.and_then(|read| read.ok_or(ChatError::NotFound("room")));
            server.answer(reply, read.map(Box::new));
        });
    }
}
