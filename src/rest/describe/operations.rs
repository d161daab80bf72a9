//! What people read of an operation: what it does, and the subject it belongs to.

use std::{collections::BTreeMap, sync::LazyLock};

use serde_json::{Value, json};

/// Texts by the name of the operation.
static TEXTS: LazyLock<BTreeMap<&str, &str>> = LazyLock::new(|| {
    let sections = include_str!("operations.md").split("\n## ").skip(1);
    let section = |text: &'static str| text.split_once('\n').map(|(id, text)| (id, text.trim()));
    sections.filter_map(section).collect()
});

/// What an operation does, in a few sentences.
pub fn description(id: &str) -> &'static str {
    TEXTS.get(id).copied().unwrap_or_default()
}

/// A group of operations, which generators make a class of.
struct Subject {
    name: &'static str,
    what: &'static str,
    /// Words of paths.
    words: &'static [&'static str],
}

const fn subject(
    name: &'static str,
    what: &'static str,
    words: &'static [&'static str],
) -> Subject {
    Subject { name, what, words }
}

const SUBJECTS: &[Subject] = &[
    subject("Accounts", "Built-in accounts, and who one is", &["auth", "me"]),
    subject("Rooms", "Rooms, their rules and how long they keep messages", &["rooms"]),
    subject("Members", "Who is in a room, and who is kept out", &["members", "bans"]),
    subject(
        "Messages",
        "History, threads, pins and search",
        &["messages", "threads", "pins", "search"],
    ),
    subject("Reactions", "Emoji under messages", &["reactions"]),
    subject("Attachments", "Files", &["attachments", "files"]),
    subject(
        "Marks",
        "What was read and received",
        &["read", "delivered", "receipts", "read-all", "unread"],
    ),
    subject(
        "Preferences",
        "How users have their rooms for themselves, and what they have begun to write",
        &["preferences", "draft", "drafts"],
    ),
    subject(
        "Saved",
        "Messages that users have saved for themselves, and what they are reminded of",
        &["saved"],
    ),
    subject("Scheduled", "Messages that are to be sent later", &["scheduled"]),
    subject(
        "Push",
        "Devices on which users are told of what they have not read, and when",
        &["push", "quiet", "devices"],
    ),
    subject("Presence", "Who is there", &["presence"]),
    subject("Events", "What the application tells", &["events", "inbox", "broadcast"]),
    subject("Blocks", "Whom a user does not want to hear", &["blocks"]),
    subject(
        "Reports",
        "What users report to those who moderate, and what these decide",
        &["report", "reports", "decide"],
    ),
    subject(
        "Blocklists",
        "Words and patterns that messages are looked through for",
        &["blocklists", "content-check"],
    ),
    subject("Users", "Users, their data and bans, for administrators", &["users"]),
    subject("Connections", "Open connections, for administrators", &["connections", "disconnect"]),
    subject("Keys", "Tokens and API keys, for administrators", &["tokens", "api-keys"]),
    subject("Webhooks", "Deliveries to the application, for administrators", &["webhooks"]),
    subject(
        "Server",
        "Metrics, the audit log and importing, for administrators",
        &["stats", "audit", "import"],
    ),
    subject("Descriptions", "The interfaces for programs", &["openapi.json", "asyncapi.json"]),
];

/// The subject of a call: that of the last word of its path which has one.
fn subject_of(path: &str) -> Option<&'static Subject> {
    let of_word = |word| SUBJECTS.iter().find(|subject| subject.words.contains(&word));
    path.split('/').rev().find_map(of_word)
}

/// What the subject of a call is called.
pub fn tag(path: &str) -> &'static str {
    subject_of(path).map_or("Server", |subject| subject.name)
}

/// All subjects, as OpenAPI has them.
pub fn tags() -> Vec<Value> {
    let tag = |Subject { name, what, .. }: &Subject| json!({"name": name, "description": what});
    SUBJECTS.iter().map(tag).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::rest::CALLS;

    #[test]
    fn every_call_has_a_text_and_every_text_a_call() {
        let calls: BTreeSet<&str> = CALLS.iter().map(|call| call.id).collect();
        let texts: BTreeSet<&str> = TEXTS.keys().copied().collect();
        assert_eq!(calls, texts, "those of calls.rs, and those of operations.md");
        for (id, text) in TEXTS.iter() {
            assert!(text.ends_with('.') && !text.contains("  "), "{id}: {text}");
        }
    }

    #[test]
    fn every_call_has_a_subject_and_every_subject_a_call() {
        for call in CALLS.iter() {
            assert!(subject_of(call.path).is_some(), "{}", call.path);
        }
        for Subject { name, .. } in SUBJECTS {
            assert!(CALLS.iter().any(|call| tag(call.path) == *name), "{name}");
        }
        let thread = "/messages/{message}/thread";
        for (path, of) in [(thread, "Messages"), ("/rooms/{room}/members/{user}", "Members")] {
            assert_eq!(tag(path), of, "{path}");
        }
    }
}
