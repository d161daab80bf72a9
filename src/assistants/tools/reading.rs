//! Tools that read messages, and the pages that all lists come in.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    super::{
        asking::{part, with_query},
        speaker::{Speaker, refused},
        told::{Message, with_some},
    },
    Does, Outcome,
};
use parlor_domain::limits::{ASSISTANT_PAGE, ASSISTANT_PAGE_MAX};

/// How many of a page, as a query has it.
pub(super) fn page(limit: Option<u32>) -> Option<String> {
    Some(limit.unwrap_or(ASSISTANT_PAGE).clamp(1, ASSISTANT_PAGE_MAX).to_string())
}

/// A page of REST, in which a list has this name.
#[derive(Deserialize)]
pub(super) struct Page<T> {
    #[serde(
        alias = "rooms",
        alias = "messages",
        alias = "replies",
        alias = "results",
        alias = "members",
        alias = "users",
        alias = "threads"
    )]
    pub list: Vec<T>,
    root: Option<Message>,
    pub cursor: Option<String>,
    #[serde(default)]
    pub has_more: bool,
    has_more_after: Option<bool>,
}

/// Read the messages of a room, oldest first; without a place, the newest ones.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReadMessages {
    /// The room.
    room_id: String,
    /// Only what is older than this seq.
    before_seq: Option<i64>,
    /// Only what is newer than this seq.
    after_seq: Option<i64>,
    /// What is on both sides of this seq.
    around_seq: Option<i64>,
    /// How many, at most 50; 20 if not given.
    limit: Option<u32>,
}

impl Does for ReadMessages {
    const NAME: &'static str = "read_messages";
    const ABOUT: &'static str = "Read messages of a room, oldest first; without a place, the \
        newest. Name at most one of before_seq, after_seq and around_seq.";

    async fn run(self, of: &Speaker) -> Outcome {
        let seq = |seq: Option<i64>| seq.map(|seq| seq.to_string());
        let query = [
            ("before", seq(self.before_seq)),
            ("after", seq(self.after_seq)),
            ("around", seq(self.around_seq)),
            ("limit", page(self.limit)),
        ];
        let url = with_query(of.server.url(&["rooms", part(&self.room_id)?, "messages"]), &query);
        let page: Page<Message> = of.server.get(url).await.map_err(|failed| refused(&failed))?;
        let (older, newer) = match (self.after_seq, page.has_more_after) {
            (Some(_), _) => (None, Some(page.has_more)),
            (None, newer) => (Some(page.has_more), newer),
        };
        Ok(with_some(vec![
            ("messages", messages(of, &page.list)),
            ("has_older", json!(older)),
            ("has_newer", json!(newer)),
        ]))
    }
}

pub(super) fn messages(of: &Speaker, list: &[Message]) -> Value {
    list.iter().map(|message| message.told(&of.server)).collect()
}

/// Read one message with all of its text.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReadMessage {
    /// The message.
    message_id: String,
}

impl Does for ReadMessage {
    const NAME: &'static str = "read_message";
    const ABOUT: &'static str = "Read one message with all of its text, which lists cut.";

    async fn run(self, of: &Speaker) -> Outcome {
        let url = of.server.url(&["messages", part(&self.message_id)?]);
        let message: Message = of.server.get(url).await.map_err(|failed| refused(&failed))?;
        Ok(message.told_whole(&of.server))
    }
}

/// Read a thread: the message that began it, and the replies, oldest first.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReadThread {
    /// The message that began the thread, or any of its replies.
    message_id: String,
    /// Only replies that are newer than this seq.
    after_seq: Option<i64>,
    /// How many, at most 50; 20 if not given.
    limit: Option<u32>,
}

impl Does for ReadThread {
    const NAME: &'static str = "read_thread";
    const ABOUT: &'static str = "Read a thread: the message that began it, and the replies, \
        oldest first.";

    async fn run(self, of: &Speaker) -> Outcome {
        let thread = self.of_root(of, &self.message_id).await?;
        // Of a reply, it is the thread that it is in.
        let root = thread.root.as_ref().and_then(|root| root.thread_id.clone());
        let page = match root {
            Some(root) => self.of_root(of, &root).await?,
            None => thread,
        };
        Ok(with_some(vec![
            ("began_with", json!(page.root.map(|root| root.told(&of.server)))),
            ("replies", messages(of, &page.list)),
            ("has_newer", json!(page.has_more)),
        ]))
    }
}

impl ReadThread {
    async fn of_root(&self, of: &Speaker, root: &str) -> Result<Page<Message>, String> {
        let after = self.after_seq.map(|seq| seq.to_string());
        let query = [("after", after), ("limit", page(self.limit))];
        let url = with_query(of.server.url(&["messages", part(root)?, "thread"]), &query);
        of.server.get(url).await.map_err(|failed| refused(&failed))
    }
}

/// Find messages by their words, in all rooms that you may read.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SearchMessages {
    /// Words; "two words" for a phrase, -word for what is not to be there.
    query: String,
    /// Only in this room.
    room_id: Option<String>,
    /// Only what this user has said, by their id.
    from_user_id: Option<String>,
    /// From the answer before, to go on.
    cursor: Option<String>,
    /// How many, at most 50; 20 if not given.
    limit: Option<u32>,
}

#[derive(Deserialize)]
struct Hit {
    message: Message,
}

impl Does for SearchMessages {
    const NAME: &'static str = "search_messages";
    const ABOUT: &'static str = "Find messages by their words, in all rooms that you may read, \
        the best first. Read what is around one with read_messages and around_seq.";

    async fn run(self, of: &Speaker) -> Outcome {
        let query = [
            ("q", Some(self.query)),
            ("room_id", self.room_id),
            ("sender", self.from_user_id),
            ("cursor", self.cursor),
            ("limit", page(self.limit)),
        ];
        let url = with_query(of.server.url(&["search"]), &query);
        let page: Page<Hit> = of.server.get(url).await.map_err(|failed| refused(&failed))?;
        let found: Vec<_> = page.list.iter().map(|hit| hit.message.told(&of.server)).collect();
        Ok(with_some(vec![("messages", json!(found)), ("cursor", json!(page.cursor))]))
    }
}
