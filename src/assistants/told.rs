//! What a model is told of rooms, messages and people: ids, short texts, and nothing that
//! it has no use for.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::remote::Server;
use parlor_domain::limits::ASSISTANT_TEXT;

/// A user, as REST shows one.
#[derive(Deserialize)]
pub(super) struct Person {
    id: String,
    name: String,
}

/// A message, as REST shows one.
#[derive(Deserialize)]
pub(super) struct Message {
    message_id: String,
    room_id: String,
    pub seq: i64,
    pub changed_seq: i64,
    pub sender: Person,
    content: String,
    created_at: String,
    edited_at: Option<String>,
    deleted_at: Option<String>,
    kind: Option<String>,
    state: Option<String>,
    reply_to: Option<Value>,
    pub thread_id: Option<String>,
    thread: Option<Value>,
    #[serde(default)]
    reactions: Vec<Reaction>,
    #[serde(default)]
    attachments: Vec<File>,
}

#[derive(Deserialize)]
struct Reaction {
    emoji: String,
    count: u64,
}

#[derive(Deserialize)]
struct File {
    attachment_id: String,
    name: String,
    content_type: String,
    size: i64,
}

/// A room, as REST shows one.
#[derive(Deserialize)]
pub(super) struct Room {
    room_id: String,
    kind: String,
    title: String,
    topic: String,
    member_count: Option<i64>,
    unread: Option<i64>,
    mentions: Option<i64>,
    peer: Option<Person>,
    last_message: Option<Message>,
}

impl Person {
    pub fn is(&self, id: &str) -> bool {
        self.id == id
    }

    pub fn told(&self) -> Value {
        json!({"user_id": self.id, "name": visible(&self.name)})
    }
}

impl Room {
    pub fn told(&self, server: &Server) -> Value {
        let Self { room_id, kind, title, topic, member_count, unread, mentions, .. } = self;
        with_some(vec![
            ("room_id", json!(room_id)),
            ("kind", json!(kind)),
            ("title", text(title)),
            ("topic", text(topic)),
            ("with", json!(self.peer.as_ref().map(Person::told))),
            ("members", json!(member_count)),
            ("unread", json!(unread)),
            ("mentions_of_you", json!(mentions.filter(|count| *count > 0))),
            ("last_message", json!(self.last_message.as_ref().map(|last| last.told(server)))),
        ])
    }
}

impl Message {
    /// As one of many.
    pub fn told(&self, server: &Server) -> Value {
        self.told_up_to(ASSISTANT_TEXT, server)
    }

    /// With all that was said.
    pub fn told_whole(&self, server: &Server) -> Value {
        self.told_up_to(usize::MAX, server)
    }

    fn told_up_to(&self, chars: usize, server: &Server) -> Value {
        let said = self.content.char_indices().nth(chars).map(|(end, _)| &self.content[..end]);
        let reactions = self.reactions.iter();
        let reactions: Vec<Value> = reactions
            .map(|one| json!({"emoji": visible(&one.emoji), "count": one.count}))
            .collect();
        let files: Vec<Value> = self.attachments.iter().map(|file| file.told(server)).collect();
        let is_deleted = self.deleted_at.is_some();
        with_some(vec![
            ("message_id", json!(self.message_id)),
            ("room_id", json!(self.room_id)),
            ("seq", json!(self.seq)),
            ("from", self.sender.told()),
            ("at", json!(self.created_at)),
            (
                "text",
                if is_deleted {
                    Value::Null
                } else {
                    json!(visible(said.unwrap_or(&self.content)))
                },
            ),
            ("cut", said.map_or(Value::Null, |_| json!(true))),
            ("edited", json!(self.edited_at.as_ref().map(|_| true))),
            ("deleted", json!(is_deleted.then_some(true))),
            // It is being written, or did not come to its end.
            ("state", json!(self.state)),
            ("notice", json!(self.kind.as_ref().map(|_| true))),
            ("in_thread_of", json!(self.thread_id)),
            ("replies", self.thread.as_ref().map_or(Value::Null, |thread| thread["count"].clone())),
            (
                "answers",
                self.reply_to
                    .as_ref()
                    .map_or(Value::Null, |answered| answered["message_id"].clone()),
            ),
            ("reactions", if reactions.is_empty() { Value::Null } else { json!(reactions) }),
            ("files", if files.is_empty() { Value::Null } else { json!(files) }),
        ])
    }
}

impl File {
    fn told(&self, server: &Server) -> Value {
        let Self { attachment_id, name, content_type, size } = self;
        let link = server.url(&["attachments", attachment_id, "content"]);
        json!({"name": visible(name), "content_type": content_type, "bytes": size, "link": link.as_str()})
    }
}

fn text(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { json!(visible(text)) }
}

/// Without what people cannot see and a model would read: Unicode's tags, marks of direction
/// and of width (<https://www.unicode.org/reports/tr36/>). Joiners stay, of which emoji are
/// made.
fn visible(text: &str) -> String {
    let is_hidden = |char: &char| {
        matches!(char, '\u{e0000}'..='\u{e007f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{feff}')
    };
    text.chars().filter(|char| !is_hidden(char)).collect()
}

/// Without what is null.
pub(super) fn with_some(fields: Vec<(&str, Value)>) -> Value {
    let some = fields.into_iter().filter(|(_, value)| !value.is_null());
    some.map(|(name, value)| (name.to_owned(), value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_reads_what_people_see() {
        let hidden = "hi\u{e0069}\u{e0067}\u{202e}\u{200b} 👩\u{200d}💻 ä";
        assert_eq!(visible(hidden), "hi 👩\u{200d}💻 ä");
    }
}
