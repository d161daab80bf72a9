//! Publish an event of the application's: into a room, to a user, to a role
//! context, to everyone.

mod key;
mod once;
mod room;
mod user;

pub use once::{PublishToEveryone, PublishToRole};
pub use room::PublishToRoom;
pub use user::PublishToUser;

use parlor_domain::{AppEvent, Denied, EventKind, Seq, limits::EVENT_BYTES};
use schemars::JsonSchema;
use serde::Serialize;

use super::{Access, Anywhere, Asked, ChatError, ChatServer, Operation, Requester, Shown};
use crate::{
    clock::now,
    protocol::{Json, Refusal},
};

fn service(from: &Requester) -> Result<(), ChatError> {
    if from.is_service { Ok(()) } else { Err(Denied::NotService.into()) }
}

fn fits(data: Option<&Json>) -> Result<(), Refusal> {
    match data.is_some_and(|Json(data)| data.len() > EVENT_BYTES) {
        true => Err(Refusal::too_large("data", EVENT_BYTES)),
        false => Ok(()),
    }
}

fn event(kind: EventKind, data: Option<Json>) -> AppEvent {
    AppEvent { kind, data: data.unwrap_or_default().0, at: now() }
}

/// What all of them say.
macro_rules! publishes {
    ($(#[$doc:meta])* $name:ident, {
        $($(#[$more:meta])* $field:ident: $type:ty),* $(,)?
    }) => {
        $(#[$doc])*
        #[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
        pub struct $name {
            $($(#[$more])* pub $field: $type,)*
            #[serde(rename = "type")]
            pub kind: parlor_domain::EventKind,
            pub data: Option<$crate::protocol::Json>,
            /// The same key again publishes nothing.
            #[serde(rename = "Idempotency-Key")]
            pub key: Option<parlor_domain::PublicationKey>,
        }
    };
}
use publishes;

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
