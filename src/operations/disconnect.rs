//! End connections, and delete a user.

use std::sync::Arc;

use parlor_domain::{Denied, DisplayText, RoomId, Scope, UserId, limits::REASON_CHARS};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Access, Anywhere, Asked, ChatError, ChatServer, Operation, Requester, Shown};
use crate::{
    chat::{Connected, ReplyTo},
    clock::now,
    db::{self, Signal},
};

fn administrator(from: &Requester) -> Result<(), ChatError> {
    if from.is_admin { Ok(()) } else { Err(Denied::NotAdmin.into()) }
}

/// Closes the connections that are subscribed to a room.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct DisconnectRoom {
    room_id: RoomId,
    reason: Option<DisplayText<REASON_CHARS>>,
}

impl Operation for DisconnectRoom {
    type Answer = Disconnected;
    type Place = Access;

    const SCOPES: &'static [Scope] = &[Scope::Moderation];

    fn place(&self) -> &RoomId {
        &self.room_id
    }

    fn allowed(&self, _: &Requester, access: &Access) -> Result<(), ChatError> {
        access.administrator()
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
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

    const SCOPES: &'static [Scope] = &[Scope::Moderation];

    fn place(&self) {}

    fn allowed(&self, from: &Requester, _: &Anywhere) -> Result<(), ChatError> {
        administrator(from)
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        let reason = self.reason.map_or_else(|| "".into(), |DisplayText(reason)| reason);
        let nobody = Requester::nobody();
        server.with_user(&nobody, self.user_id, asked.reply, |server, user, reply, _| {
            server.disconnect(Connected::User(user.key), reason, reply);
        });
    }
}

impl ChatServer {
    fn disconnect(&mut self, of: Connected, reason: Arc<str>, reply: ReplyTo<Disconnected>) {
        let signal = self.settings.has_nodes.then(|| disconnecting(of, &reason));
        self.after_signal(reply, signal, move |server, reply| {
            let count = server.disconnect_all(of, &reason);
            server.answer(reply, Ok(Disconnected(count)));
        });
    }
}

/// What the other nodes are told.
fn disconnecting(of: Connected, reason: &Arc<str>) -> Signal {
    let (room, user) = match of {
        Connected::All => (None, None),
        Connected::Room(room) => (Some(room.0), None),
        Connected::User(user) => (None, Some(user.0)),
    };
    Signal::Disconnect { room, user, reason: reason.to_string() }
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

    const SCOPES: &'static [Scope] = &[Scope::Users];

    fn place(&self) {}

    fn allowed(&self, from: &Requester, _: &Anywhere) -> Result<(), ChatError> {
        administrator(from)
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        let nobody = Requester::nobody();
        server.with_user(&nobody, self.user_id, asked.reply, |server, user, reply, _| {
            let write = db::EraseUser { user: user.key, at: now() };
            server.write_for(reply, write, |server, reply, erased| {
                server.erased(reply, erased);
            });
        });
    }
}
