//! What another program says by Redis, and the command it becomes.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::door::{Answered, Becomes, Door, Named, read};
use crate::{
    operations::{
        publish::{PublishToEveryone, PublishToRole, PublishToRoom, PublishToUser},
        send::Send,
    },
    protocol::{Input, Json, Rules},
};
use parlor_domain::{
    ClientId, EventKind, MessageId, PublicationKey, RoomId, UserId, limits::EVENT_BYTES,
};

/// What is asked for.
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
    /// A message is not what it was.
    Change {
        /// `None`: the application does it.
        by: Option<UserId>,
        message: Named,
        becomes: Becomes,
    },
}

/// What is said of messages has these types, in two forms.
const POSTED: [&str; 2] = ["MessagePosted", "message.posted"];
const EDITED: [&str; 2] = ["MessageEdited", "message.edited"];
const DELETED: [&str; 2] = ["MessageDeleted", "message.deleted"];

impl ServiceEvent {
    /// Reads `type`, `data`, one of `room`, `user`, `role_context` and `everyone`, and
    /// `id`, or what stands for it. The error is for the service's developer.
    pub fn read(
        id: Option<&str>,
        field: impl Fn(&str) -> Option<String>,
        rules: &Rules,
    ) -> Result<Self, String> {
        let id = field("id").or_else(|| id.map(str::to_owned));
        let key = id.as_deref().map(PublicationKey::parse).transpose();
        let key = key.map_err(|_| "id: must have 1 to 128 bytes")?;
        let kind = field("type").ok_or("type: is missing")?;
        let room = field("room").map(|room| RoomId::parse(&room).map_err(|e| format!("room: {e}")));
        let room = room.transpose()?;
        let user = field("user").map(|user| UserId::parse(&user).map_err(|e| format!("user: {e}")));
        let user = user.transpose()?;
        let data = field("data").unwrap_or_else(|| "{}".to_owned());
        let is = |forms: [&str; 2]| forms.contains(&kind.as_str());
        if is(POSTED) {
            return say(id.as_deref(), room, user, &data, rules);
        }
        if is(EDITED) || is(DELETED) {
            return change(user, &data, is(EDITED), rules);
        }
        let kind = EventKind::parse(&kind).map_err(|error| format!("type: {error}"))?;
        if data.len() > EVENT_BYTES {
            return Err(format!("data: must have at most {EVENT_BYTES} bytes"));
        }
        let data: Box<serde_json::value::RawValue> =
            serde_json::from_str(&data).map_err(|_| "data: must be JSON")?;
        let data = Some(Json(data.get().into()));
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

    /// Whether what was said before it has to be stored first.
    pub fn looks_back(&self) -> bool {
        matches!(self, Self::Change { .. })
    }

    /// The answer comes after the commit.
    pub async fn ask(self, door: &Door) -> Answered {
        match self {
            Self::Room(publish) => door.publish(*publish),
            Self::User(publish) => door.publish(*publish),
            Self::Role(publish) => door.publish(*publish),
            Self::Everyone(publish) => door.publish(*publish),
            Self::Say { sender, send } => door.say(&sender, *send).await,
            Self::Change { by, message, becomes } => {
                door.change(by.as_ref(), &message, becomes).await
            }
        }
    }
}

/// The same door as for what people send.
fn say(
    id: Option<&str>,
    room: Option<RoomId>,
    user: Option<UserId>,
    data: &str,
    rules: &Rules,
) -> Result<ServiceEvent, String> {
    let room = room.ok_or("room: is missing")?;
    let sender = user.ok_or("user: is missing")?;
    let fields = serde_json::from_str(data).map_err(|_| "data: must be {\"content\": text}")?;
    let mut input = Input::of(fields);
    input.add("room_id", room.as_str().to_owned());
    if let Some(id) = id {
        ClientId::parse(id).map_err(|error| format!("id: {error}"))?;
        input.add("client_id", id.to_owned());
    }
    let send = read(input, rules).map_err(|refusal| format!("data: {}", refusal.message))?;
    Ok(ServiceEvent::Say { sender, send: Box::new(send) })
}

/// Which message is changed. Who has posted one knows it by the `id` of that.
#[derive(Deserialize)]
struct Which {
    message_id: Option<MessageId>,
    client_id: Option<ClientId>,
}

fn change(
    by: Option<UserId>,
    data: &str,
    is_edit: bool,
    rules: &Rules,
) -> Result<ServiceEvent, String> {
    let what = if is_edit { "message_id, content" } else { "message_id" };
    let fields: Map<String, Value> =
        serde_json::from_str(data).map_err(|_| format!("data: must be an object of {what}"))?;
    let in_data = |refusal: crate::protocol::Refusal| format!("data: {}", refusal.message);
    let Which { message_id, client_id } = Input::of(fields.clone()).read().map_err(in_data)?;
    let message = match (message_id, client_id, &by) {
        (Some(id), None, Some(_)) => Named::Id(id),
        (Some(id), None, None) if !is_edit => Named::Id(id),
        (None, Some(client_id), Some(sender)) => Named::Sent(sender.clone(), client_id),
        (Some(_), None, None) | (None, Some(_), None) => return Err("user: is missing".to_owned()),
        _ => return Err("data: one of message_id and client_id must be named".to_owned()),
    };
    if !is_edit {
        return Ok(ServiceEvent::Change { by, message, becomes: Becomes::Deleted });
    }
    let mut input = Input::of(fields);
    if let Named::Sent(..) = message {
        // It is known when what was said before is stored.
        input.add("message_id", "1".to_owned());
    }
    let edit = read(input, rules).map_err(in_data)?;
    Ok(ServiceEvent::Change { by, message, becomes: Becomes::Edited(Box::new(edit)) })
}

#[cfg(test)]
mod tests {
    use parlor_domain::Timestamp;

    use super::*;

    const RULES: Rules = Rules { content_bytes: 16, rooms: 2, now: Timestamp(0) };

    fn read(fields: &[(&str, &str)]) -> Result<ServiceEvent, String> {
        let field = |name: &str| {
            let found = fields.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        ServiceEvent::read(Some("5-0"), field, &RULES)
    }

    #[test]
    fn an_event_goes_to_what_it_names() {
        let event = read(&[("type", "StatusChanged"), ("room", "board:42"), ("data", "{}")]);
        let Ok(ServiceEvent::Room(publish)) = event else { panic!("{event:?}") };
        let PublishToRoom { room_id, kind, key, .. } = *publish;
        let key = key.expect("its own");
        let told = (room_id.as_str(), key.as_str(), kind.as_str());
        assert_eq!(told, ("board:42", "5-0", "StatusChanged"), "as the application says it");
        for (fields, why) in [
            (&[("room", "den")][..], "type"),
            (&[("type", "a.b")], "one of"),
            (&[("type", "a.b"), ("room", "den"), ("user", "ann")], "one of"),
            (&[("type", "a.b"), ("room", "den"), ("data", "{")], "data"),
            (&[("type", "MessagePosted"), ("room", "den")], "user"),
            (&[("type", "a.b"), ("role_context", "a b")], "role_context"),
            (&[("type", "message.created"), ("room", "den")], "reserves"),
            (&[("type", "MessageEdited"), ("user", "ann"), ("data", "{}")], "one of message_id"),
            (
                &[("type", "MessageEdited"), ("user", "ann"), ("data", r#"{"message_id":"7"}"#)],
                "content",
            ),
            (&[("type", "MessageEdited"), ("data", r#"{"message_id":"7","content":"x"}"#)], "user"),
            (&[("type", "MessageDeleted"), ("data", r#"{"client_id":"c"}"#)], "user"),
            (&[("type", "MessageDeleted"), ("data", r#"{"message_id":"x"}"#)], "message_id"),
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
        let event = read(&fields);
        let Ok(ServiceEvent::Say { sender, send }) = event else { panic!("{event:?}") };
        assert_eq!(sender.as_str(), "ann");
        let said = format!("{send:?}");
        assert!(said.contains(r#"client_id: Some(ClientId("m-1"))"#), "{said}");
    }

    #[test]
    fn a_posted_message_is_read_like_one_that_a_person_sends() {
        let posted = |data: &str| {
            read(&[("type", "MessagePosted"), ("room", "den"), ("user", "ann"), ("data", data)])
        };
        let event = posted(r#"{"content": "hi @ben", "reply_to": "7", "metadata": {"a": 1}}"#);
        let Ok(ServiceEvent::Say { send, .. }) = event else { panic!("{event:?}") };
        let said = format!("{send:?}");
        for part in ["hi @ben", "reply_to: Some(MessageId(7))", r#"{\"a\":1}"#] {
            assert!(said.contains(part), "{part} in {said}");
        }
        assert!(posted(r#"{"content": "0123456789abcdef"}"#).is_ok());
        for (data, why) in [
            (r#"{"content": "0123456789abcdefg"}"#, "content must have at most 16 bytes"),
            (r#"{"content": "\u0000"}"#, "U+0000"),
            (r#"{"content": ""}"#, "empty"),
            (r#"{"content": " \u200b"}"#, "visible character"),
            ("{}", "missing"),
            ("[]", "must be"),
        ] {
            let refused = posted(data).expect_err(data);
            assert!(refused.contains(why), "{refused}");
        }
    }

    #[test]
    fn a_message_is_changed_by_its_number_or_by_what_it_was_posted_under() {
        let data = r#"{"client_id": "m-1", "content": "ho"}"#;
        let event = read(&[("type", "MessageEdited"), ("user", "ann"), ("data", data)]);
        let Ok(ServiceEvent::Change { by: Some(by), message, becomes }) = event else {
            panic!("{event:?}")
        };
        assert!(matches!(becomes, Becomes::Edited(_)));
        let Named::Sent(sender, name) = message else { panic!("{message:?}") };
        assert_eq!((by.as_str(), sender.as_str(), name.as_str()), ("ann", "ann", "m-1"));
        let event = read(&[("type", "message.deleted"), ("data", r#"{"message_id": "7"}"#)]);
        let Ok(ServiceEvent::Change { by: None, message, becomes: Becomes::Deleted }) = event
        else {
            panic!("{event:?}")
        };
        assert!(matches!(message, Named::Id(MessageId(7))));
    }
}
