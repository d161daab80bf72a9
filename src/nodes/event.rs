//! An entry of the service stream, and the command it becomes.

use redis::streams::StreamId;

use super::door::read;
use crate::{
    operations::{
        publish::{PublishToEveryone, PublishToRole, PublishToRoom, PublishToUser},
        send::Send,
    },
    protocol::{Input, Json, Rules},
};
use parlor_domain::{ClientId, EventKind, PublicationKey, RoomId, UserId, limits::EVENT_BYTES};

/// What an entry asks for.
#[derive(Debug)]
pub(super) enum ServiceEvent {
    Room(Box<PublishToRoom>),
    User(Box<PublishToUser>),
    Role(Box<PublishToRole>),
    Everyone(Box<PublishToEveryone>),
    /// A chat message of a user.
    Say {
        sender: UserId,
        send: Box<Send>,
    },
}

/// Something is said in a room, as a user of it says it.
const MESSAGE_POSTED: &str = "message.posted";

impl ServiceEvent {
    /// Reads `type`, `data`, one of `room`, `user`, `role_context` and
    /// `everyone`, and `id` (else the entry's own). The error is for the
    /// service's developer.
    pub fn read(entry: &StreamId, rules: &Rules) -> Result<Self, String> {
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
            return say(&id, room, user, &data, rules);
        }
        let kind = EventKind::parse(&kind).map_err(|error| format!("type: {error}"))?;
        if data.len() > EVENT_BYTES {
            return Err(format!("data: must have at most {EVENT_BYTES} bytes"));
        }
        let data: Box<serde_json::value::RawValue> =
            serde_json::from_str(&data).map_err(|_| "data: must be JSON")?;
        let (data, key) = (Some(Json(data.get().into())), Some(key));
        // It has the form of an id, here as in a token.
        let context = field("role_context")
            .map(|context| RoomId::parse(&context).map_err(|e| format!("role_context: {e}")));
        match (room, user, context.transpose()?, field("everyone")) {
            (Some(room_id), None, None, None) => {
                Ok(Self::Room(PublishToRoom { room_id, ephemeral: false, kind, data, key }.into()))
            }
            (None, Some(user_id), None, None) => {
                Ok(Self::User(PublishToUser { user_id, kind, data, key }.into()))
            }
            (None, None, Some(context), None) => {
                Ok(Self::Role(PublishToRole { context, kind, data, key }.into()))
            }
            (None, None, None, Some(_)) => {
                Ok(Self::Everyone(PublishToEveryone { kind, data, key }.into()))
            }
            _ => Err("one of room, user, role_context and everyone must be named".to_owned()),
        }
    }
}

/// The same door as for what people send.
fn say(
    id: &str,
    room: Option<RoomId>,
    user: Option<UserId>,
    data: &str,
    rules: &Rules,
) -> Result<ServiceEvent, String> {
    let room = room.ok_or("room: is missing")?;
    let sender = user.ok_or("user: is missing")?;
    ClientId::parse(id).map_err(|error| format!("id: {error}"))?;
    let fields = serde_json::from_str(data).map_err(|_| "data: must be {\"content\": text}")?;
    let mut input = Input::of(fields);
    input.add("room_id", room.as_str().to_owned());
    input.add("client_id", id.to_owned());
    let send = read(input, rules).map_err(|refusal| format!("data: {}", refusal.message))?;
    Ok(ServiceEvent::Say { sender, send: Box::new(send) })
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
    use parlor_domain::Timestamp;
    use redis::Value;

    use super::*;

    const RULES: Rules = Rules { content_bytes: 16, rooms: 2, now: Timestamp(0) };

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
        let read = |fields: &[(&str, &str)]| ServiceEvent::read(&entry(fields), &RULES);
        let event = read(&[("type", "StatusChanged"), ("room", "board:42"), ("data", "{}")]);
        let Ok(ServiceEvent::Room(publish)) = event else { panic!("{event:?}") };
        let PublishToRoom { room_id, kind, key, .. } = *publish;
        let key = key.expect("its own");
        let told = (room_id.as_str(), key.as_str(), kind.as_str());
        assert_eq!(told, ("board:42", "5-0", "status.changed"));
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
        let event = ServiceEvent::read(&entry(&fields), &RULES);
        let Ok(ServiceEvent::Say { sender, send }) = event else { panic!("{event:?}") };
        assert_eq!(sender.as_str(), "ann");
        let said = format!("{send:?}");
        assert!(said.contains(r#"client_id: Some(ClientId("m-1"))"#), "{said}");
    }

    #[test]
    fn a_posted_message_is_read_like_one_that_a_person_sends() {
        let read = |data: &str| {
            let fields =
                [("type", "MessagePosted"), ("room", "den"), ("user", "ann"), ("data", data)];
            ServiceEvent::read(&entry(&fields), &RULES)
        };
        let event = read(r#"{"content": "hi @ben", "reply_to": "7", "metadata": {"a": 1}}"#);
        let Ok(ServiceEvent::Say { send, .. }) = event else { panic!("{event:?}") };
        let said = format!("{send:?}");
        for part in ["hi @ben", "reply_to: Some(MessageId(7))", r#"{\"a\":1}"#] {
            assert!(said.contains(part), "{part} in {said}");
        }
        assert!(read(r#"{"content": "0123456789abcdef"}"#).is_ok());
        for (data, why) in [
            (r#"{"content": "0123456789abcdefg"}"#, "content must have at most 16 bytes"),
            (r#"{"content": "\u0000"}"#, "U+0000"),
            (r#"{"content": ""}"#, "empty"),
            (r#"{"content": " \u200b"}"#, "visible character"),
            ("{}", "missing"),
            ("[]", "must be"),
        ] {
            let refused = read(data).expect_err(data);
            assert!(refused.contains(why), "{refused}");
        }
    }
}
