//! An entry of the service stream, and the command it becomes.

use std::sync::Arc;

use redis::streams::StreamId;

use crate::{
    chat::{Command, Target},
    clock,
    protocol::Fields,
};
use parlor_domain::{
    AppEvent, ClientId, EventKind, PublicationKey, RoomId, UserId, limits::EVENT_BYTES,
};

/// What an entry asks for.
#[derive(Debug)]
pub(super) enum ServiceEvent {
    Publish(Box<Command>),
    /// A chat message of a user.
    Say {
        sender: UserId,
        command: Box<Command>,
    },
}

/// Something is said in a room, as a user of it says it.
const MESSAGE_POSTED: &str = "message.posted";

impl ServiceEvent {
    /// Reads `type`, `data`, one of `room`, `user`, `role_context` and
    /// `everyone`, and `id` (else the entry's own). The error is for the
    /// service's developer.
    pub fn read(entry: &StreamId, content_bytes: usize) -> Result<Self, String> {
        let field = |name: &str| entry.get::<String>(name);
        let id = field("id").unwrap_or_else(|| entry.id.clone());
        let key = PublicationKey::parse(&id).map_err(|_| "id: must have 1 to 128 bytes")?;
        let kind = dotted(&field("type").ok_or("type: is missing")?);
        let room = field("room").map(|room| RoomId::parse(&room).map_err(|e| format!("room: {e}")));
        let room = room.transpose()?;
        let user = field("user").map(|user| UserId::parse(&user).map_err(|e| format!("user: {e}")));
        let user = user.transpose()?;
        let data = field("data").unwrap_or_else(|| "{}".to_owned());
        if kind == MESSAGE_POSTED {
            return say(&id, room, user, &data, content_bytes);
        }
        let kind = EventKind::parse(&kind).map_err(|error| format!("type: {error}"))?;
        if data.len() > EVENT_BYTES {
            return Err(format!("data: must have at most {EVENT_BYTES} bytes"));
        }
        let data: Box<serde_json::value::RawValue> =
            serde_json::from_str(&data).map_err(|_| "data: must be JSON")?;
        let event = AppEvent { kind, data: data.get().into(), at: clock::now() };
        let target = target(room, user, field("role_context"), field("everyone").is_some())?;
        let command = Command::Publish { target, key: Some(key), event, keeps: true };
        Ok(Self::Publish(Box::new(command)))
    }
}

fn target(
    room: Option<RoomId>,
    user: Option<UserId>,
    role_context: Option<String>,
    everyone: bool,
) -> Result<Target, String> {
    // It has the form of an id, here as in a token.
    let role_context = role_context
        .map(|context| RoomId::parse(&context).map_err(|error| format!("role_context: {error}")))
        .transpose()?
        .map(|context| Target::RoleContext(Arc::from(context.as_str())));
    let targets = [
        room.map(Target::Room),
        user.map(Target::User),
        role_context,
        everyone.then_some(Target::Everyone),
    ];
    let mut named = targets.into_iter().flatten();
    match (named.next(), named.next()) {
        (Some(target), None) => Ok(target),
        _ => Err("exactly one of room, user, role_context and everyone is required".to_owned()),
    }
}

fn say(
    id: &str,
    room: Option<RoomId>,
    user: Option<UserId>,
    data: &str,
    content_bytes: usize,
) -> Result<ServiceEvent, String> {
    let room = room.ok_or("room: is missing")?;
    let sender = user.ok_or("user: is missing")?;
    let client_id = ClientId::parse(id).map_err(|error| format!("id: {error}"))?;
    let mut fields: Fields =
        serde_json::from_str(data).map_err(|_| "data: must be {\"content\": \"…\"}")?;
    // The same door as for what people send.
    let draft =
        fields.draft(content_bytes).map_err(|refusal| format!("data: {}", refusal.message))?;
    let command = Command::Send { room, client_id: Some(client_id), draft };
    Ok(ServiceEvent::Say { sender, command: Box::new(command) })
}

/// `StatusChanged` is `status.changed`, which other languages write so.
fn dotted(kind: &str) -> String {
    let mut dotted = String::with_capacity(kind.len() + 4);
    for (i, c) in kind.chars().enumerate() {
        if c.is_ascii_uppercase() {
            if i > 0 {
                dotted.push('.');
            }
            dotted.push(c.to_ascii_lowercase());
        } else {
            dotted.push(c);
        }
    }
    dotted
}

#[cfg(test)]
mod tests {
    use redis::Value;

    use super::*;

    fn entry(fields: &[(&str, &str)]) -> StreamId {
        let field = |(name, value): &(&str, &str)| {
            ((*name).to_owned(), Value::BulkString(value.as_bytes().to_vec()))
        };
        let map = fields.iter().map(field).collect();
        StreamId { id: "5-0".to_owned(), map, ..StreamId::default() }
    }

    #[test]
    fn names_of_other_languages_are_understood() {
        assert_eq!(dotted("StatusChanged"), "status.changed");
        assert_eq!(dotted("notification.new"), "notification.new");
    }

    #[test]
    fn an_event_goes_to_what_it_names() {
        let read = |fields: &[(&str, &str)]| ServiceEvent::read(&entry(fields), 16);
        let event = read(&[("type", "StatusChanged"), ("room", "board:42"), ("data", "{}")]);
        let Ok(ServiceEvent::Publish(command)) = event else { panic!("{event:?}") };
        let Command::Publish { target, key, event, .. } = *command else { panic!("another") };
        assert_eq!(target, Target::Room(RoomId::from_stored("board:42")));
        assert_eq!(
            (key.expect("its own").as_str(), event.kind.as_str()),
            ("5-0", "status.changed")
        );
        for (fields, why) in [
            (&[("room", "den")][..], "type"),
            (&[("type", "a.b")], "one of"),
            (&[("type", "a.b"), ("room", "den"), ("user", "ann")], "one of"),
            (&[("type", "a.b"), ("room", "den"), ("data", "{")], "data"),
            (&[("type", "MessagePosted"), ("room", "den")], "user"),
            (&[("type", "a.b"), ("role_context", "a b")], "role_context"),
        ] {
            let refused = read(fields).expect_err("refused");
            assert!(refused.contains(why), "{refused}");
        }
    }

    #[test]
    fn a_posted_message_is_said_by_its_user() {
        let fields = [
            ("id", "m-1"),
            ("type", "MessagePosted"),
            ("room", "den"),
            ("user", "ann"),
            ("data", r#"{"content": "hi"}"#),
        ];
        let event = ServiceEvent::read(&entry(&fields), 16);
        let Ok(ServiceEvent::Say { sender, command }) = event else { panic!("{event:?}") };
        assert_eq!(sender.as_str(), "ann");
        assert!(
            matches!(*command, Command::Send { client_id: Some(id), .. } if id.as_str() == "m-1")
        );
    }

    #[test]
    fn a_posted_message_is_read_like_one_that_a_person_sends() {
        let read = |data: &str| {
            let fields =
                [("type", "MessagePosted"), ("room", "den"), ("user", "ann"), ("data", data)];
            ServiceEvent::read(&entry(&fields), 16)
        };
        let event = read(r#"{"content": "hi @ben", "reply_to": "7", "metadata": {"a": 1}}"#);
        let Ok(ServiceEvent::Say { command, .. }) = event else { panic!("{event:?}") };
        let Command::Send { draft, .. } = *command else { panic!("another") };
        let extras = draft.extras.expect("there are some");
        assert_eq!(extras.mentioned.candidates, [["ben"]]);
        assert_eq!(extras.reply_to, Some(parlor_domain::MessageId(7)));
        assert_eq!(extras.metadata.as_deref(), Some(r#"{"a":1}"#));
        assert!(read(r#"{"content": "0123456789abcdef"}"#).is_ok());
        for (data, why) in [
            (r#"{"content": "0123456789abcdefg"}"#, "content must have at most 16 bytes"),
            (r#"{"content": "\u0000"}"#, "U+0000"),
            (r#"{"content": ""}"#, "empty"),
            (r#"{"content": " \u200b"}"#, "can be seen"),
            ("{}", "missing"),
            ("[]", "must be"),
        ] {
            let refused = read(data).expect_err(data);
            assert!(refused.contains(why), "{refused}");
        }
    }
}
