//! Tools that others see something of.

use reqwest::Method;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    super::{
        asking::part,
        speaker::{Speaker, refused},
    },
    Does, Outcome,
};

/// What comes of a message that was sent.
#[derive(Deserialize)]
struct Sent {
    message_id: String,
    seq: i64,
}

async fn send(of: &Speaker, room: &str, body: Value) -> Outcome {
    let url = of.server.url(&["rooms", part(room)?, "messages"]);
    let sent = of.send(url, &body).await.map_err(|failed| refused(&failed))?;
    let Sent { message_id, seq } = sent;
    Ok(json!({"room_id": room, "message_id": message_id, "seq": seq}))
}

/// Say something in a room.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SendMessage {
    /// The room.
    room_id: String,
    /// What you say, in plain text.
    text: String,
}

impl Does for SendMessage {
    const NAME: &'static str = "send_message";
    const ABOUT: &'static str = "Say something in a room, as the user that you speak for. \
        Everybody there sees it.";
    const WRITES: bool = true;

    async fn run(self, of: &Speaker) -> Outcome {
        send(of, &self.room_id, json!({"content": self.text})).await
    }
}

/// Answer a message in its thread.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Reply {
    /// The message that you answer.
    message_id: String,
    /// What you say, in plain text.
    text: String,
    /// True to answer in the room itself, with a reference to the message.
    in_room: Option<bool>,
}

/// Where a message is.
#[derive(Deserialize)]
struct Place {
    room_id: String,
    thread_id: Option<String>,
}

impl Does for Reply {
    const NAME: &'static str = "reply";
    const ABOUT: &'static str = "Answer a message: in its thread, which begins with it if there is \
        none, or with in_room beside it in the room.";
    const WRITES: bool = true;

    async fn run(self, of: &Speaker) -> Outcome {
        let url = of.server.url(&["messages", part(&self.message_id)?]);
        let place: Place = of.server.get(url).await.map_err(|failed| refused(&failed))?;
        let mut body = json!({"content": self.text, "reply_to": self.message_id});
        if !self.in_room.unwrap_or(false) {
            body["thread_id"] = json!(place.thread_id.unwrap_or(self.message_id));
        }
        send(of, &place.room_id, body).await
    }
}

/// React to a message with an emoji.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct React {
    /// The message.
    message_id: String,
    /// An emoji, such as 👍.
    emoji: String,
    /// True to take it back.
    remove: Option<bool>,
}

impl Does for React {
    const NAME: &'static str = "react";
    const ABOUT: &'static str = "React to a message with an emoji, or take that back.";
    const WRITES: bool = true;

    async fn run(self, of: &Speaker) -> Outcome {
        let Self { message_id, emoji, remove } = self;
        let method = if remove.unwrap_or(false) { Method::DELETE } else { Method::PUT };
        let url = of.server.url(&["messages", part(&message_id)?, "reactions", part(&emoji)?]);
        of.server.change(method, url, None).await.map_err(|failed| refused(&failed))?;
        Ok(json!({"done": true}))
    }
}

/// Mark a room or a thread as read.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MarkRead {
    /// The room.
    room_id: String,
    /// Up to this seq; all of it if not given.
    seq: Option<i64>,
    /// Not the room itself, but a thread in it: the message that began it.
    thread_message_id: Option<String>,
}

impl Does for MarkRead {
    const NAME: &'static str = "mark_read";
    const ABOUT: &'static str = "Mark a room as read, or a thread in it, up to a seq or all of it. \
        The others see how far you have read the room.";
    const WRITES: bool = true;

    async fn run(self, of: &Speaker) -> Outcome {
        let body = match self.seq {
            Some(seq) => json!({"seq": seq}),
            None => json!({"all": true}),
        };
        let url = match &self.thread_message_id {
            Some(thread) => of.server.url(&["threads", part(thread)?, "read"]),
            None => of.server.url(&["rooms", part(&self.room_id)?, "read"]),
        };
        of.server.change(Method::PUT, url, Some(&body)).await.map_err(|failed| refused(&failed))?;
        Ok(json!({"done": true}))
    }
}
