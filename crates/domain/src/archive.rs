//! What an export consists of and an import reads: a line for each user, room, member,
//! message, reaction and mark, in JSON. It is written as it is read, and described to
//! applications in docs/IMPORT.md.

use std::{borrow::Cow, sync::Arc};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser};
use serde_json::{Map, Value, value::RawValue};

use crate::{
    AttachmentId, AvatarUrl, ClientId, DisplayText, Emoji, FromText, MediaMs, MessageKind,
    PlainText, Role, RoomId, RoomRules, Timestamp, UserId, UserRole, Waveform, Whole,
    limits::{
        AGE_DAYS_MAX, ATTACHMENTS_PER_MESSAGE, FILE_PATH_BYTES, FILE_URL_BYTES, IMPORTED_ID_BYTES,
        KEPT_MESSAGES_MAX, MENTIONS, NAME_CHARS, TITLE_CHARS, TOPIC_CHARS, USER_ROLES,
    },
};

/// One line of an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Line {
    Parlor(Header),
    User(User),
    Room(Room),
    Member(Member),
    Message(Message),
    Reaction(Reaction),
    Read(Read),
}

impl Line {
    /// What its `type` says.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Parlor(_) => "parlor",
            Self::User(_) => "user",
            Self::Room(_) => "room",
            Self::Member(_) => "member",
            Self::Message(_) => "message",
            Self::Reaction(_) => "reaction",
            Self::Read(_) => "read",
        }
    }
}

/// The first line: what the others are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Of this format.
    pub version: Whole<1, 1>,
    /// Whose ids those of messages are.
    #[serde(default)]
    pub message_ids: MessageIdsOf,
}

impl Header {
    /// What an export begins with.
    pub const OF_PARLOR: Self = Self { version: Whole(1), message_ids: MessageIdsOf::Parlor };
}

/// Where messages have their ids from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessageIdsOf {
    /// From the application that they come from: Parlor gives them ids of its own, and
    /// remembers these.
    #[default]
    Application,
    /// From Parlor, and they are kept.
    Parlor,
}

/// A user, who need not have come yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct User {
    pub user_id: UserId,
    /// The id, where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "as_shown")]
    pub name: Option<DisplayText<NAME_CHARS>>,
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "as_url")]
    pub avatar_url: Option<AvatarUrl>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom: Option<JsonObject>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = USER_ROLES))]
    pub roles: Vec<UserRole>,
    /// The time of the import, where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// Since when they may not come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deactivated_at: Option<Timestamp>,
}

/// A room. What is imported into one that is there leaves it as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Room {
    pub room_id: RoomId,
    pub kind: Kind,
    #[serde(default, skip_serializing_if = "is_empty", serialize_with = "as_shown")]
    pub title: Option<DisplayText<TITLE_CHARS>>,
    #[serde(default, skip_serializing_if = "is_empty", serialize_with = "as_shown")]
    pub topic: Option<DisplayText<TOPIC_CHARS>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom: Option<JsonObject>,
    /// The two of a direct room; null for one who was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub users: Option<[Option<UserId>; 2]>,
    #[serde(default, skip_serializing_if = "RoomRules::is_default")]
    pub rules: RoomRules,
    /// Nobody has to own it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ownerless: bool,
    /// Who answers for it; nobody for the application's rooms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_by: Option<UserId>,
    /// How long it keeps messages, where that differs from the server's setting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_days: Option<Whole<1, AGE_DAYS_MAX>>,
    /// How many messages it keeps, the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messages: Option<Whole<1, KEPT_MESSAGES_MAX>>,
    /// The time of the import, where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
}

fn as_shown<const CHARS: usize, S: Serializer>(
    text: &Option<DisplayText<CHARS>>,
    to: S,
) -> Result<S::Ok, S::Error> {
    text.as_ref().map(|DisplayText(text)| text).serialize(to)
}

fn as_url<S: Serializer>(url: &Option<AvatarUrl>, to: S) -> Result<S::Ok, S::Error> {
    url.as_ref().map(|AvatarUrl(url)| url).serialize(to)
}

fn is_empty<const CHARS: usize>(text: &Option<DisplayText<CHARS>>) -> bool {
    text.as_ref().is_none_or(|DisplayText(text)| text.is_empty())
}

/// Somebody in a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Member {
    pub room_id: RoomId,
    pub user_id: UserId,
    /// `member`, where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// The time of the import, where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joined_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub muted_until: Option<Timestamp>,
}

/// A message. Its place in the room is that of its line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Message {
    pub room_id: RoomId,
    /// No other message of the room has it.
    pub message_id: MessageName,
    /// Under which id it was imported into the Parlor that this is from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported_id: Option<MessageName>,
    /// The sender; null for one who was deleted.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schemars(required, schema_with = "user_or_null")]
    pub user_id: Option<UserId>,
    pub created_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<PlainText>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<ClientId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited_at: Option<Timestamp>,
    /// A tombstone: its place stays, and nothing of what was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
    /// The message of this room that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<MessageName>,
    /// The message of this room that begins its thread.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<MessageName>,
    /// Though in a thread, it is also in the room.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub in_room: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<JsonObject>,
    #[serde(default, skip_serializing_if = "Mentions::is_empty")]
    pub mentions: Mentions,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned: Option<Pinned>,
    /// A notice, which nobody says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<MessageKind>,
    /// Who has sent it in the sender's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_by: Option<UserId>,
    /// It is unread to nobody.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub silent: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = ATTACHMENTS_PER_MESSAGE))]
    pub attachments: Vec<Attachment>,
}

/// A file of a message. What type it has, its bytes say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Attachment {
    /// Below the folder of the files; either this, a URL or an upload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<FilePath>,
    /// Where it is downloaded from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<FileUrl>,
    /// What who imports has uploaded to the running server that it is imported into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upload: Option<AttachmentId>,
    /// What people see; the last part of the path, where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<PlainText>,
    /// How long it plays, where its bytes do not say; in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<MediaMs>,
    /// How loud it is over time, from 0 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waveform: Option<Waveform>,
}

fn user_or_null(generator: &mut SchemaGenerator) -> Schema {
    let user = UserId::json_schema(generator);
    json_schema!({"anyOf": [user, {"type": "null"}]})
}

/// Who is mentioned: a content is not looked through for that.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mentions {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = MENTIONS))]
    pub users: Vec<UserId>,
    /// Everyone in the room.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub room: bool,
}

impl Mentions {
    fn is_empty(&self) -> bool {
        self.users.is_empty() && !self.room
    }
}

/// Since when and by whom a message is pinned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pinned {
    pub at: Timestamp,
    pub by: UserId,
}

/// How somebody reacted to a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reaction {
    pub room_id: RoomId,
    pub message_id: MessageName,
    pub user_id: UserId,
    pub emoji: Emoji,
    /// The time of the import, where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
}

/// How far a member has come in a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Read {
    pub room_id: RoomId,
    pub user_id: UserId,
    /// The last message that they have read, and when, as others are shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<MessageName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_at: Option<Timestamp>,
    /// The last message that a client of theirs has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered: Option<MessageName>,
    /// What comes after this message is unread to them, though they may have read less:
    /// who comes later has not read what was before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread_after: Option<MessageName>,
}

/// The id of a message where it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageName(pub Arc<str>);

impl Serialize for MessageName {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}

impl FromText for MessageName {
    const NAME: &'static str = "MessageName";

    fn from_text(text: &str) -> Result<Self, String> {
        match (1..=IMPORTED_ID_BYTES).contains(&text.len()) {
            true => Ok(Self(text.into())),
            false => Err(format!("must have 1 to {IMPORTED_ID_BYTES} bytes")),
        }
    }

    fn schema() -> Schema {
        json_schema!({"type": "string", "minLength": 1, "maxLength": IMPORTED_ID_BYTES})
    }
}

/// Where a file is, below the folder of an import's files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePath(pub Arc<str>);

impl Serialize for FilePath {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}

impl FromText for FilePath {
    const NAME: &'static str = "FilePath";

    fn from_text(text: &str) -> Result<Self, String> {
        let is_part = |part: &str| !matches!(part, "" | "." | "..");
        match text.len() <= FILE_PATH_BYTES && text.split('/').all(is_part) {
            true => Ok(Self(text.into())),
            false => Err(format!(
                "must be a path of at most {FILE_PATH_BYTES} bytes below the folder of the files"
            )),
        }
    }

    fn schema() -> Schema {
        json_schema!({"type": "string", "minLength": 1, "maxLength": FILE_PATH_BYTES})
    }
}

/// Where a file is downloaded from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileUrl(pub Arc<str>);

impl Serialize for FileUrl {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}

impl FromText for FileUrl {
    const NAME: &'static str = "FileUrl";

    fn from_text(text: &str) -> Result<Self, String> {
        let is_web = text.starts_with("https://") || text.starts_with("http://");
        match is_web && text.len() <= FILE_URL_BYTES {
            true => Ok(Self(text.into())),
            false => Err(format!("must be an http or https URL of at most {FILE_URL_BYTES} bytes")),
        }
    }

    fn schema() -> Schema {
        json_schema!({"type": "string", "pattern": "^https?://", "maxLength": FILE_URL_BYTES})
    }
}

impl Attachment {
    /// Where it is, as a report names it.
    pub fn place(&self) -> &str {
        let file = self.file.as_ref().map(|file| &*file.0);
        file.or(self.url.as_ref().map(|url| &*url.0)).unwrap_or("an upload")
    }
}

/// Any kind of room, also one that is never made by its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind(pub crate::RoomKind);

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.0.as_str())
    }
}

impl FromText for Kind {
    const NAME: &'static str = "Kind";

    fn from_text(text: &str) -> Result<Self, String> {
        let what = "must be public, private, announcement or direct";
        crate::RoomKind::parse(text).map(Self).ok_or_else(|| what.to_owned())
    }

    fn schema() -> Schema {
        json_schema!({"type": "string", "enum": ["public", "private", "announcement", "direct"]})
    }
}

crate::wire::from_text!(MessageName, Kind, FilePath, FileUrl);

/// A JSON object of somebody's own, as the text that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonObject(pub Arc<str>);

impl<'de> Deserialize<'de> for JsonObject {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self(Value::Object(Map::deserialize(from)?).to_string().into()))
    }
}

impl Serialize for JsonObject {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let raw: &RawValue = serde_json::from_str(&self.0).map_err(ser::Error::custom)?;
        raw.serialize(to)
    }
}

impl JsonSchema for JsonObject {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "JsonObject".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "object", "additionalProperties": true})
    }
}
