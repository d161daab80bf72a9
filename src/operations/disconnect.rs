//! End connections, and delete a user.

use actix::Context;
use parlor_domain::{Denied, DisplayText, RoomId, UserId, limits::REASON_CHARS};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Access, Anywhere, Asked, ChatError, ChatServer, Operation, Requester, Shown};
use crate::{chat::Connected, clock::now, db};

fn administrator(from: &Requester) -> Result<(), ChatError> {
    if from.is_admin { Ok(()) } else { Err(Denied::NotAdmin.into()) }
}

/// Closes the connections that hear a room.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct DisconnectRoom {
    room_id: RoomId,
    reason: Option<DisplayText<REASON_CHARS>>,
}

impl Operation for DisconnectRoom {
    type Answer = Disconnected;
    type Place = Access;

    fn place(&self) -> &RoomId {
        &self.room_id
    }

    fn allowed(&self, _: &Requester, access: &Access) -> Result<(), ChatError> {
        access.administrator()
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer, _: &mut Context<ChatServer>) {
        let reason = self.reason.map_or_else(|| "".into(), |DisplayText(reason)| reason);
        server.disconnect(Connected::Room(asked.place.room.key), reason, asked.reply);
    }
}

/// Closes a user's connections.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct DisconnectUser {
    user_id: UserId,
    reason: Option<DisplayText<REASON_CHARS>>,
}

impl Operation for DisconnectUser {
    type Answer = Disconnected;
    type Place = Anywhere;

    fn place(&self) {}

    fn allowed(&self, from: &Requester, _: &Anywhere) -> Result<(), ChatError> {
        administrator(from)
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer, ctx: &mut Context<ChatServer>) {
        let reason = self.reason.map_or_else(|| "".into(), |DisplayText(reason)| reason);
        let nobody = Requester::nobody();
        server.with_user(nobody, self.user_id, asked.reply, ctx, |server, user, reply, _, _| {
            server.disconnect(Connected::User(user.key), reason, reply);
        });
    }
}

/// How many of this node's connections it were.
#[derive(Clone, Copy, Debug)]
pub struct Disconnected(pub usize);

#[derive(Serialize, JsonSchema)]
pub struct DisconnectedView {
    disconnected: usize,
}

impl Shown for Disconnected {
    type View<'a> = DisconnectedView;

    fn view(&self) -> DisconnectedView {
        DisconnectedView { disconnected: self.0 }
    }
}

/// Deletes a user with their data.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct EraseUser {
    pub user_id: UserId,
}

impl Operation for EraseUser {
    type Answer = ();
    type Place = Anywhere;

    fn place(&self) {}

    fn allowed(&self, from: &Requester, _: &Anywhere) -> Result<(), ChatError> {
        administrator(from)
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer, ctx: &mut Context<ChatServer>) {
        let nobody = Requester::nobody();
        server.with_user(nobody, self.user_id, asked.reply, ctx, |server, user, reply, _, _| {
            let write = db::EraseUser { user: user.key, at: now() };
            server.write_for(reply, write, |server, reply, erased, ctx| {
                server.erased(reply, erased, ctx);
            });
        });
    }
}
