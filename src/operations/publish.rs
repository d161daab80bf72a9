//! Publish an event of the application's: into a room, to a user, to a role
//! context, to everyone.

use actix::Context;
use parlor_domain::{
    AppEvent, Denied, EventKind, PublicationKey, RoomId, Seq, UserId, limits::EVENT_BYTES,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Access, Anywhere, Asked, ChatError, ChatServer, Operation, Requester, Shown};
use crate::{
    chat::Audience,
    clock::now,
    protocol::{Json, Refusal, Rules},
};

fn service(from: &Requester) -> Result<(), ChatError> {
    if from.is_service { Ok(()) } else { Err(Denied::NotService.into()) }
}

fn event(kind: EventKind, data: Option<Json>) -> AppEvent {
    AppEvent { kind, data: data.unwrap_or_default().0, at: now() }
}

macro_rules! publishes {
    ($(#[$doc:meta])* $name:ident, $place:ty, {
        $($(#[$more:meta])* $field:ident: $type:ty),* $(,)?
    }) => {
        $(#[$doc])*
        #[derive(Debug, Deserialize, JsonSchema)]
        pub struct $name {
            $($(#[$more])* pub $field: $type,)*
            #[serde(rename = "type")]
            pub kind: EventKind,
            pub data: Option<Json>,
            /// The same key again publishes nothing.
            #[serde(rename = "Idempotency-Key")]
            pub key: Option<PublicationKey>,
        }

        impl $name {
            fn check_data(&self) -> Result<(), Refusal> {
                match self.data.as_ref().is_some_and(|Json(data)| data.len() > EVENT_BYTES) {
                    true => Err(Refusal::too_large("data", EVENT_BYTES)),
                    false => Ok(()),
                }
            }
        }
    };
}

publishes! {
    /// For all who are in a room; it takes a place in the room's timeline.
    PublishToRoom, Access, {
        room_id: RoomId,
        /// It is sent to who is there, and kept nowhere.
        #[serde(default)]
        ephemeral: bool,
    }
}

impl Operation for PublishToRoom {
    type Answer = Published;
    type Place = Access;

    fn place(&self) -> &RoomId {
        &self.room_id
    }

    fn check(&mut self, _: &Rules) -> Result<(), Refusal> {
        self.check_data()
    }

    fn allowed(&self, from: &Requester, access: &Access) -> Result<(), ChatError> {
        access.service(from)
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer, _: &mut Context<ChatServer>) {
        let Asked { from, place: access, reply } = asked;
        let (event, keeps) = (event(self.kind, self.data), !self.ephemeral);
        server.publish_to_room(&from.user, access.room, self.key, event, keeps, reply);
    }
}

publishes! {
    /// For one user; it is kept in their inbox until they come.
    PublishToUser, Anywhere, { user_id: UserId }
}

impl Operation for PublishToUser {
    type Answer = Published;
    type Place = Anywhere;

    fn place(&self) {}

    fn check(&mut self, _: &Rules) -> Result<(), Refusal> {
        self.check_data()
    }

    fn allowed(&self, from: &Requester, _: &Anywhere) -> Result<(), ChatError> {
        service(from)
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer, ctx: &mut Context<ChatServer>) {
        let event = event(self.kind, self.data);
        server.publish_to_user(asked.from.user, self.user_id, self.key, event, asked.reply, ctx);
    }
}

publishes! {
    /// For all whose token names a context.
    PublishToRole, Anywhere, { context: RoomId }
}

impl Operation for PublishToRole {
    type Answer = Published;
    type Place = Anywhere;

    fn place(&self) {}

    fn check(&mut self, _: &Rules) -> Result<(), Refusal> {
        self.check_data()
    }

    fn allowed(&self, from: &Requester, _: &Anywhere) -> Result<(), ChatError> {
        service(from)
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer, _: &mut Context<ChatServer>) {
        let to = Audience::RoleContext(self.context.as_str().into());
        let event = event(self.kind, self.data);
        server.publish_to_all(&asked.from.user, to, self.key, &event, asked.reply);
    }
}

publishes! {
    /// For all who are there.
    PublishToEveryone, Anywhere, {}
}

impl Operation for PublishToEveryone {
    type Answer = Published;
    type Place = Anywhere;

    fn place(&self) {}

    fn check(&mut self, _: &Rules) -> Result<(), Refusal> {
        self.check_data()
    }

    fn allowed(&self, from: &Requester, _: &Anywhere) -> Result<(), ChatError> {
        service(from)
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer, _: &mut Context<ChatServer>) {
        let event = event(self.kind, self.data);
        let to = Audience::Everyone;
        server.publish_to_all(&asked.from.user, to, self.key, &event, asked.reply);
    }
}

/// Where an event went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Published {
    /// In the room's timeline.
    pub seq: Option<Seq>,
    /// In the user's inbox.
    pub inbox_seq: Option<Seq>,
    pub duplicate: bool,
}

#[derive(Serialize, JsonSchema)]
pub struct PublishedView {
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inbox_seq: Option<i64>,
    duplicate: bool,
}

impl Shown for Published {
    type View<'a> = PublishedView;

    const STATUSES: &'static [u16] = &[201, 200];

    fn view(&self) -> PublishedView {
        let Self { seq, inbox_seq, duplicate } = *self;
        PublishedView {
            seq: seq.map(|seq| seq.0),
            inbox_seq: inbox_seq.map(|seq| seq.0),
            duplicate,
        }
    }

    fn status(&self) -> u16 {
        if self.duplicate { 200 } else { 201 }
    }
}
