//! The shapes of what is sent without a type of its own.
#![expect(dead_code, reason = "only their shape is used")]

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde_json::{Map, Value};

use crate::{
    protocol::{AttachmentView, MessageView, RoomView, UserView},
    rest::{
        events::EventView,
        export::{OwnReaction, RoomReceipt},
    },
};

/// What `/users/{user}/export` sends, piece by piece.
#[derive(JsonSchema)]
pub struct Export<'a> {
    user: UserView<'a>,
    rooms: Vec<RoomView<'a>>,
    receipts: Vec<RoomReceipt<'a>>,
    blocked: Vec<UserView<'a>>,
    reactions: Vec<OwnReaction<'a>>,
    inbox: Vec<EventView<'a>>,
    uploads: Vec<AttachmentView<'a>>,
    messages: Vec<MessageView<'a>>,
}

#[derive(JsonSchema)]
pub struct OpenApiDocument {
    openapi: String,
    info: Map<String, Value>,
    paths: Map<String, Value>,
    components: Map<String, Value>,
    security: Vec<BTreeMap<String, Vec<String>>>,
}

#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AsyncApiDocument {
    asyncapi: String,
    info: Map<String, Value>,
    default_content_type: String,
    channels: Map<String, Value>,
    operations: Map<String, Value>,
    components: Map<String, Value>,
}
