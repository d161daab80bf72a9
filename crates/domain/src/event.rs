use std::sync::Arc;

use super::{InvalidId, Seq, Timestamp};

/// The type of an event that the application publishes, in the form in which it
/// names its events: `task.updated`, `TaskUpdated`, `task:updated`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventKind(Arc<str>);

/// Characters of an event's type.
const KIND_CHARS_MAX: usize = 64;

/// What Parlor itself says begins with one of these.
const RESERVED: [&str; 22] = [
    "ack",
    "admin",
    "attachment",
    "auth",
    "connection",
    "error",
    "history",
    "inbox",
    "member",
    "message",
    "parlor",
    "ping",
    "pong",
    "presence",
    "reaction",
    "receipts",
    "room",
    "server",
    "session",
    "thread",
    "typing",
    "user",
];

/// Why a text is no event type; the message is for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKind {
    #[error("must be words of A-Z a-z 0-9 _ - separated by . or :, at most 64 characters")]
    Form,
    #[error("must not begin with a word that Parlor reserves")]
    Reserved,
}

impl EventKind {
    /// Checks a text that came from outside.
    pub fn parse(text: &str) -> Result<Self, InvalidKind> {
        let mut words = text.split(['.', ':']);
        let is_word = |word: &str| {
            let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_-".contains(&b);
            !word.is_empty() && word.bytes().all(allowed)
        };
        if text.len() > KIND_CHARS_MAX || !words.clone().all(is_word) {
            return Err(InvalidKind::Form);
        }
        let first = words.next().unwrap_or_default();
        match RESERVED.iter().any(|own| first.eq_ignore_ascii_case(own)) {
            true => Err(InvalidKind::Reserved),
            false => Ok(Self(text.into())),
        }
    }

    /// Takes over a text that was checked before it was stored.
    pub fn from_stored(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What the application tells: a type and a JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppEvent {
    pub kind: EventKind,
    /// JSON.
    pub data: Arc<str>,
    pub at: Timestamp,
}

/// An event in a room's timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomEvent {
    pub seq: Seq,
    pub event: AppEvent,
}

/// An event for one user, by its place among those.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboxEvent {
    pub inbox_seq: Seq,
    pub event: AppEvent,
}

/// The name under which something is published, so that it is not twice.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PublicationKey(Arc<str>);

impl PublicationKey {
    /// Bytes of a key at most.
    pub const BYTES_MAX: usize = 128;

    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        match text.len() {
            0 => Err(InvalidId::Empty),
            1..=Self::BYTES_MAX => Ok(Self(text.into())),
            _ => Err(InvalidId::TooLong),
        }
    }

    /// The same key used in one place; another place may use it, too.
    pub fn at(&self, place: &str) -> Self {
        Self(format!("{place} {}", self.0).into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_type_is_words_of_which_the_first_is_not_parlors_own() {
        for good in [
            "task.created",
            "task",
            "a-b.c_d.e1",
            "TaskUpdated",
            "chat:message",
            "Task:Updated.v2",
            "MessagePosted",
            "x.message",
        ] {
            assert_eq!(EventKind::parse(good).expect(good).as_str(), good);
        }
        for bad in ["", ".", "a.", ":a", "a.:b", "ä", "a b", "a/b", &"x".repeat(65)] {
            assert_eq!(EventKind::parse(bad), Err(InvalidKind::Form), "{bad}");
        }
        for own in ["message.created", "typing", "room:x", "User.online", "MESSAGE"] {
            assert_eq!(EventKind::parse(own), Err(InvalidKind::Reserved), "{own}");
        }
        assert!(EventKind::parse("messages.x").is_ok(), "only whole words are reserved");
    }

    #[test]
    fn the_database_reserves_the_same_words() {
        let function =
            include_str!("../../../migrations/postgres/00000000000037_event_types/up.sql");
        let (_, list) = function.split_once("1)) IN (").expect("a list of them");
        let (list, _) = list.split_once(')').expect("its end");
        let words: Vec<_> = list.split(',').map(|word| word.trim().trim_matches('\'')).collect();
        assert_eq!(words, RESERVED, "{list}");
    }
}
