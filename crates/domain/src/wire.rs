//! How values are read from a request, and described: ids, positions and the
//! like know their own texts, so that no struct of a request repeats a rule.
//!
//! An error continues a sentence that begins with the name of the field.

use std::{borrow::Cow, fmt, marker::PhantomData, sync::Arc};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, Unexpected, Visitor},
};

use crate::{
    AttachmentId, BlocklistId, ClientId, DeviceId, Epoch, EventKind, ID_CHARS_MAX, MessageId,
    Position, PublicationKey, ReportId, Role, RoomId, RoomKind, ScheduledId, Scope, Seq, Status,
    TimeOfDay, Timestamp, UserId, Waveform, canonical_emoji, display_text,
    limits::{AVATAR_BYTES, EMOJI_BYTES, ROLE_CHARS},
};

/// A value that is written as a text.
pub trait FromText: Sized {
    /// What its schema is called.
    const NAME: &'static str;

    /// # Errors
    /// What is wrong with the text.
    fn from_text(text: &str) -> Result<Self, String>;

    /// The same of what a client has written, whatever it is to be.
    ///
    /// # Errors
    /// What is wrong with the text.
    fn read(text: &str) -> Result<Self, String> {
        without_nul(text).and_then(|()| Self::from_text(text))
    }

    fn schema() -> Schema;
}

/// PostgreSQL stores every character but this one
/// (<https://www.postgresql.org/docs/current/datatype-character.html>), and a
/// deployment may move there: it is refused everywhere.
fn without_nul(text: &str) -> Result<(), String> {
    match text.contains('\0') {
        true => Err("must not contain the character U+0000".to_owned()),
        false => Ok(()),
    }
}

struct TextVisitor<T>(PhantomData<T>);

impl<T: FromText> Visitor<'_> for TextVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        T::read(text).map_err(E::custom)
    }
}

/// Reads one that is written as a text.
pub(crate) fn text<'de, D: Deserializer<'de>, T: FromText>(from: D) -> Result<T, D::Error> {
    from.deserialize_str(TextVisitor(PhantomData))
}

macro_rules! from_text {
    ($($name:ty),* $(,)?) => {$(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                $crate::wire::text(from)
            }
        }

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                <Self as FromText>::NAME.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                <Self as FromText>::schema()
            }
        }
    )*};
}

pub(crate) use from_text;

/// Lengths are told in characters, where some are counted in bytes: what is
/// longer than this is refused in any case.
fn text_of(least: usize, most: usize) -> Schema {
    json_schema!({"type": "string", "minLength": least, "maxLength": most})
}

/// What the server has numbered, as a text.
fn numbered() -> Schema {
    json_schema!({"type": "string", "pattern": "^[1-9][0-9]{0,18}$"})
}

fn one_of(texts: &[&str]) -> Schema {
    json_schema!({"type": "string", "enum": texts})
}

macro_rules! is_text {
    ($name:ty, $called:literal, $schema:expr, |$text:ident| $parse:expr) => {
        impl FromText for $name {
            const NAME: &'static str = $called;

            fn from_text($text: &str) -> Result<Self, String> {
                $parse
            }

            fn schema() -> Schema {
                $schema
            }
        }

        from_text!($name);
    };
}

fn id() -> Schema {
    json_schema!({"type": "string", "pattern": "^[A-Za-z0-9._:@+~=|-]{1,64}$"})
}

is_text!(RoomId, "RoomId", id(), |text| Self::parse(text).map_err(|error| error.to_string()));
is_text!(UserId, "UserId", id(), |text| Self::parse(text).map_err(|error| error.to_string()));
is_text!(BlocklistId, "BlocklistId", id(), |text| {
    Self::parse(text).map_err(|error| error.to_string())
});
is_text!(DeviceId, "DeviceId", id(), |text| Self::parse(text).map_err(|error| error.to_string()));
is_text!(ClientId, "ClientId", text_of(1, ID_CHARS_MAX), |text| {
    Self::parse(text).map_err(|error| error.to_string())
});
is_text!(PublicationKey, "PublicationKey", text_of(1, Self::BYTES_MAX), |text| {
    Self::parse(text).map_err(|error| error.to_string())
});
is_text!(
    EventKind,
    "EventKind",
    json_schema!({
        "type": "string",
        "pattern": "^[A-Za-z0-9_-]+([.:][A-Za-z0-9_-]+)*$",
        "maxLength": 64,
    }),
    |text| Self::parse(text).map_err(|error| error.to_string())
);
is_text!(Epoch, "Epoch", text_of(1, Self::BYTES_MAX), |text| {
    let what = "must have an epoch that is a text of 1 to 64 bytes";
    Self::parse(text).map_err(|_| what.to_owned())
});
is_text!(MessageId, "MessageId", numbered(), |text| {
    Self::parse(text).ok_or_else(|| "is not a message id".to_owned())
});
is_text!(ReportId, "ReportId", numbered(), |text| {
    MessageId::from_text(text)
        .map(|MessageId(id)| Self(id))
        .map_err(|_| "is no report's".to_owned())
});
is_text!(ScheduledId, "ScheduledId", numbered(), |text| {
    Self::parse(text).ok_or_else(|| "is not the id of a scheduled message".to_owned())
});
is_text!(AttachmentId, "AttachmentId", numbered(), |text| {
    Self::parse(text).ok_or_else(|| "is not an attachment id".to_owned())
});
is_text!(Timestamp, "Timestamp", json_schema!({"type": "string", "format": "date-time"}), |text| {
    let what = "must be a time such as 2026-11-20T21:00:00Z";
    Self::parse_rfc3339(text).ok_or_else(|| what.to_owned())
});
is_text!(
    TimeOfDay,
    "TimeOfDay",
    json_schema!({"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"}),
    |text| Self::parse(text).ok_or_else(|| "must be a time of the day such as 22:00".to_owned())
);
is_text!(RoomKind, "RoomKind", one_of(&["public", "private", "announcement"]), |text| {
    let kind = Self::parse(text).filter(|kind| *kind != Self::Direct);
    kind.ok_or_else(|| "must be public, private or announcement".to_owned())
});
is_text!(Role, "Role", one_of(&["owner", "moderator", "member", "read_only"]), |text| {
    Self::parse(text).ok_or_else(|| "must be owner, moderator, member or read_only".to_owned())
});

is_text!(Scope, "Scope", one_of(&["rooms", "users", "messages", "events", "moderation"]), |text| {
    let what = "must be rooms, users, messages, events or moderation";
    Self::parse(text).ok_or_else(|| what.to_owned())
});

/// An emoji, or a short text in its place, in the one form in which it is
/// stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emoji(pub Arc<str>);

is_text!(Emoji, "Emoji", text_of(1, EMOJI_BYTES), |text| {
    let fits = |text: &str| text.len() <= EMOJI_BYTES;
    let emoji = if fits(text) { canonical_emoji(text) } else { None };
    let emoji = emoji.filter(|emoji| fits(emoji));
    let what = || format!("must have 1 to {EMOJI_BYTES} bytes, all of them visible");
    emoji.map(|emoji| Self(emoji.into())).ok_or_else(what)
});

/// Any text; how long it may be is decided where it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlainText(pub Arc<str>);

is_text!(PlainText, "PlainText", json_schema!({"type": "string", "minLength": 1}), |text| {
    Ok(Self(text.into()))
});
is_text!(Status, "OwnStatus", one_of(&["online", "away"]), |text| {
    Self::parse_own(text).ok_or_else(|| "must be online or away".to_owned())
});

/// A waveform as a query has it: `0,12,100`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaveformText(pub Waveform);

is_text!(
    WaveformText,
    "WaveformText",
    json_schema!({
        "type": "string",
        "pattern": "^(100|[1-9]?[0-9])(,(100|[1-9]?[0-9])){0,63}$",
    }),
    |text| Waveform::parse(text).map(Self)
);

/// A text that people see, without what cannot be seen in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisplayText<const CHARS: usize>(pub Arc<str>);

impl<const CHARS: usize> FromText for DisplayText<CHARS> {
    const NAME: &'static str = "DisplayText";

    fn from_text(text: &str) -> Result<Self, String> {
        let shown = display_text(text, CHARS).map_err(|error| error.to_string())?;
        Ok(Self(shown.into()))
    }

    fn schema() -> Schema {
        text_of(0, CHARS)
    }
}

impl<'de, const CHARS: usize> Deserialize<'de> for DisplayText<CHARS> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        text(from)
    }
}

impl<const CHARS: usize> JsonSchema for DisplayText<CHARS> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("DisplayText{CHARS}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        Self::schema()
    }
}

/// The URL of a picture, absolute or on the application's own host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AvatarUrl(pub Arc<str>);

is_text!(AvatarUrl, "AvatarUrl", text_of(1, AVATAR_BYTES), |text| {
    let is_url = ["https://", "http://", "/"].iter().any(|start| text.starts_with(start));
    // What is no part of a URL (RFC 3986 section 2) could end an attribute of HTML.
    let is_plain = |c: char| c.is_ascii_graphic() && !r#""<>\^`{|}"#.contains(c);
    match is_url && text.len() <= AVATAR_BYTES && text.chars().all(is_plain) {
        true => Ok(Self(text.into())),
        false => {
            Err(format!("must be a URL (http, https or a path) of at most {AVATAR_BYTES} bytes"))
        }
    }
});

/// A role of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserRole(pub Arc<str>);

is_text!(UserRole, "UserRole", text_of(1, ROLE_CHARS), |text| {
    let fits =
        (1..=ROLE_CHARS).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    let what = || format!("must have 1 to {ROLE_CHARS} characters");
    fits.then(|| Self(text.into())).ok_or_else(what)
});

macro_rules! to_text {
    ($($name:ty: |$value:ident| $text:expr),* $(,)?) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                let $value = self;
                to.serialize_str($text)
            }
        }
    )*};
}

// What the lines of an export are made of (`archive`). Not what a request may have as
// null: its description would say that this is what it has if it is left out.
to_text! {
    RoomId: |id| id.as_str(),
    UserId: |id| id.as_str(),
    ClientId: |id| id.as_str(),
    MessageId: |id| &id.0.to_string(),
    Timestamp: |time| &time.to_rfc3339(),
    Role: |role| role.as_str(),
    Emoji: |emoji| &emoji.0,
    PlainText: |text| &text.0,
    UserRole: |role| &role.0,
}

impl<const LEAST: i64, const MOST: i64> Serialize for Whole<LEAST, MOST> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_i64(self.0)
    }
}

/// A whole number within bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Whole<const LEAST: i64, const MOST: i64>(pub i64);

impl<'de, const LEAST: i64, const MOST: i64> Deserialize<'de> for Whole<LEAST, MOST> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_i64(WholeVisitor { least: LEAST, most: MOST }).map(Self)
    }
}

struct WholeVisitor {
    least: i64,
    most: i64,
}

impl Visitor<'_> for WholeVisitor {
    type Value = i64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { least, most } = self;
        match *most {
            i64::MAX => write!(f, "a whole number, {least} or more"),
            most => write!(f, "a whole number from {least} to {most}"),
        }
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<i64, E> {
        match (self.least..=self.most).contains(&number) {
            true => Ok(number),
            false => Err(E::invalid_value(Unexpected::Signed(number), &self)),
        }
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<i64, E> {
        match i64::try_from(number) {
            Ok(number) => self.visit_i64(number),
            Err(_) => Err(E::invalid_value(Unexpected::Unsigned(number), &self)),
        }
    }
}

impl<const LEAST: i64, const MOST: i64> JsonSchema for Whole<LEAST, MOST> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Whole{LEAST}To{MOST}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "integer", "minimum": LEAST, "maximum": MOST})
    }
}

impl<'de> Deserialize<'de> for Seq {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_i64(WholeVisitor { least: 0, most: i64::MAX }).map(Self)
    }
}

impl JsonSchema for Seq {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Seq".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "integer", "minimum": 0, "format": "int64"})
    }
}

/// `5`, or `{"since": 5, "epoch": "…"}`.
impl<'de> Deserialize<'de> for Position {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct PositionVisitor;

        #[derive(Deserialize)]
        struct InEpoch {
            since: Seq,
            epoch: Option<Epoch>,
        }

        impl<'de> Visitor<'de> for PositionVisitor {
            type Value = Position;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number, 0 or more")
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Position, E> {
                let seq = WholeVisitor { least: 0, most: i64::MAX }.visit_i64(number)?;
                Ok(Seq(seq).into())
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Position, E> {
                let seq = WholeVisitor { least: 0, most: i64::MAX }.visit_u64(number)?;
                Ok(Seq(seq).into())
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Position, A::Error> {
                let map = serde::de::value::MapAccessDeserializer::new(map);
                let InEpoch { since, epoch } = InEpoch::deserialize(map)?;
                Ok(Position { seq: since, epoch })
            }
        }

        from.deserialize_any(PositionVisitor)
    }
}

impl JsonSchema for Position {
    fn schema_name() -> Cow<'static, str> {
        "Position".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (seq, epoch) = (Seq::json_schema(generator), Epoch::json_schema(generator));
        json_schema!({
            "description": "A position, with the epoch that it is of or without.",
            "anyOf": [seq, {
                "type": "object",
                "properties": {"since": seq, "epoch": epoch},
                "required": ["since"],
            }],
        })
    }
}
