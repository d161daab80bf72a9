//! Sends requests to the ChatServer, and checks who may read what.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::State;
use crate::{
    auth::Identity,
    callbacks::Permission,
    chat::{
        Access, ChatError, ChatServer, Ended, Look, Operation, ReplyTo, Request, Requester, Via,
    },
    clock::now,
    error::ApiError,
};
use parlor_domain::{
    Message, MessageId, Room, RoomId, RoomKey, RoomKind, RoomOverview, limits::ANSWER_TIMEOUT,
};

impl State {
    /// Checks what an operation is asked with, asks for it and waits for its answer.
    pub async fn perform<O: Operation>(
        &self,
        who: &Identity,
        mut operation: O,
    ) -> Result<O::Answer, ApiError> {
        operation.check(&self.rules())?;
        self.operate(who, operation).await
    }

    /// Asks for an operation and waits for its answer.
    pub async fn operate<O: Operation>(
        &self,
        who: &Identity,
        operation: O,
    ) -> Result<O::Answer, ApiError> {
        let is_given = who.scopes.has_any(O::SCOPES);
        let from = Requester {
            user: who.user.clone(),
            is_admin: who.is_admin || is_given,
            is_service: who.is_service || is_given,
            grants: who.is_admin,
            via: Via { sign_in: who.sign_in, token_id: who.token_id.clone() },
        };
        let (answer, answered) = oneshot::channel();
        // The ChatServer never waits, and refuses what it cannot take.
        self.chat.do_send(Request::new(from, operation, ReplyTo::Caller(answer)));
        match tokio::time::timeout(ANSWER_TIMEOUT, answered).await {
            Ok(Ok(answer)) => Ok(answer?),
            Ok(Err(_)) | Err(_) => Err(ChatError::unavailable().into()),
        }
    }

    /// Looks at what the ChatServer knows.
    pub(super) async fn look<A: Send + 'static>(
        &self,
        look: impl FnOnce(&mut ChatServer) -> A + Send + 'static,
    ) -> Result<A, ApiError> {
        self.look_and(|server, answer| {
            // Who no longer waits needs no answer.
            let _ = answer.send(look(server));
        })
        .await
    }

    /// The same where the answer comes later.
    pub(super) async fn look_and<A: Send + 'static>(
        &self,
        look: impl FnOnce(&mut ChatServer, oneshot::Sender<A>) + Send + 'static,
    ) -> Result<A, ApiError> {
        let (answer, answered) = oneshot::channel();
        self.chat.do_send(Look::new(move |server| look(server, answer)));
        match tokio::time::timeout(ANSWER_TIMEOUT, answered).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) | Err(_) => Err(ChatError::unavailable().into()),
        }
    }

    /// Ends the connections of tokens that are no longer valid.
    pub(super) async fn end(&self, ended: Ended) -> Result<(), ApiError> {
        self.look(move |server| server.end_revoked(&ended)).await
    }

    /// The room, if the asker may know that it is there.
    pub(super) async fn visible_room(
        &self,
        who: &Identity,
        id: &RoomId,
    ) -> Result<RoomOverview, ApiError> {
        let missing = || ApiError::not_found("room");
        let room = self.reader.room(id).await?.ok_or_else(missing)?;
        let overview = self.reader.overview(room.key, who.user.key).await?.ok_or_else(missing)?;
        if overview.state.is_none() && !room.kind.is_open() {
            match who.reads_all() {
                true => self.audit_reading(who, None).await?,
                false => self.watched(who, room).await?.visible()?,
            }
        }
        Ok(overview)
    }

    /// The message, if the asker may read what is said in its room. To others
    /// it does not exist.
    pub(super) async fn readable_message(
        &self,
        who: &Identity,
        id: MessageId,
    ) -> Result<Message, ApiError> {
        let missing = || ApiError::not_found("message");
        let message = self.reader.message(id).await?.ok_or_else(missing)?;
        self.readable_by_key(who, message.room_key, missing).await?;
        Ok(message)
    }

    /// Whether the asker may read what is said in a room; `missing` if the room is none
    /// of theirs.
    pub(super) async fn readable_by_key(
        &self,
        who: &Identity,
        room: RoomKey,
        missing: impl Fn() -> ApiError,
    ) -> Result<(), ApiError> {
        if self.reader.standing(room, who.user.key).await?.is_some() {
            return Ok(());
        }
        if who.reads_all() {
            return self.audit_reading(who, Some(room)).await;
        }
        if self.permissions.is_none() {
            return Err(missing());
        }
        let room = self.reader.room_by_key(room).await?.ok_or_else(&missing)?;
        match self.watched(who, room).await?.reader() {
            Ok(()) => Ok(()),
            Err(error @ ChatError::Unavailable { .. }) => Err(error.into()),
            Err(_) => Err(missing()),
        }
    }

    /// The room, if the asker may read what is said in it.
    pub(super) async fn readable_room(
        &self,
        who: &Identity,
        id: &RoomId,
    ) -> Result<Room, ApiError> {
        let room = self.reader.room(id).await?;
        let room = room.ok_or_else(|| ApiError::not_found("room"))?;
        self.still_readable(who, &room).await?;
        Ok(room)
    }

    /// To be asked again when something was read from a room: a member who
    /// was removed meanwhile gets nothing that came later.
    pub(super) async fn still_readable(&self, who: &Identity, room: &Room) -> Result<(), ApiError> {
        // The standing alone: what is unread is costly to count.
        let is_member = self.reader.standing(room.key, who.user.key).await?.is_some();
        if is_member {
            return Ok(());
        }
        if who.reads_all() {
            return self.audit_reading(who, None).await;
        }
        Ok(self.watched(who, room.clone()).await?.reader()?)
    }

    /// How one who is no member stands to a room, as the application sees it.
    async fn watched(&self, who: &Identity, room: Room) -> Result<Access, ApiError> {
        let permissions = self.permissions.as_ref().filter(|_| room.kind != RoomKind::Direct);
        let permission = match permissions {
            Some(_) if self.reader.is_banned(room.key, who.user.key, now()).await? => {
                Some(Permission::Banned)
            }
            Some(permissions) => Some(permissions.ask(&who.user, &room.id).await),
            None => None,
        };
        Ok(Access { room: Arc::new(room), standing: None, is_admin: false, permission })
    }
}
