//! Takes a frame's `data` apart and names the field that is wrong.

use std::{borrow::Cow, sync::Arc};

use serde_json::{Map, Value};

use super::Refusal;
use parlor_domain::{
    AttachmentId, ClientId, Epoch, HistoryCursor, ID_CHARS_MAX, InvalidId, MessageId, NewExtras,
    Position, ReadTarget, RoomId, Seq, Status, Timestamp, UserId, canonical_emoji, display_text,
    limits::{ATTACHMENTS_PER_MESSAGE, EMOJI_BYTES, METADATA_BYTES},
    mentioned_in, shows_something,
};

/// The fields of one `data` object, or of a REST body.
#[derive(serde::Deserialize)]
#[serde(transparent)]
pub struct Fields(pub Map<String, Value>);

/// What somebody wants to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    pub content: Arc<str>,
    /// `None` for a plain message.
    pub extras: Option<Box<NewExtras>>,
}

impl Fields {
    fn take(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name).filter(|value| !value.is_null())
    }

    fn required(&mut self, name: &'static str) -> Result<Value, Refusal> {
        self.take(name).ok_or_else(|| Refusal::field(name, "is missing"))
    }

    pub fn text(&mut self, name: &'static str) -> Result<String, Refusal> {
        match self.required(name)? {
            Value::String(text) => without_nul(name, text),
            _ => Err(Refusal::field(name, "must be a text")),
        }
    }

    pub fn text_or_none(&mut self, name: &'static str) -> Result<Option<String>, Refusal> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => without_nul(name, text).map(Some),
            Some(_) => Err(Refusal::field(name, "must be a text")),
        }
    }

    pub fn room(&mut self) -> Result<RoomId, Refusal> {
        const NAME: &str = "room_id";
        RoomId::parse(&self.text(NAME)?).map_err(|error| invalid_id(NAME, &error))
    }

    pub fn client_id(&mut self) -> Result<Option<ClientId>, Refusal> {
        const NAME: &str = "client_id";
        self.text_or_none(NAME)?
            .map(|text| ClientId::parse(&text))
            .transpose()
            .map_err(|error| invalid_id(NAME, &error))
    }

    fn content(&mut self, bytes_max: usize) -> Result<Arc<str>, Refusal> {
        const NAME: &str = "content";
        let text = self.text(NAME)?;
        if text.is_empty() {
            return Err(Refusal::field(NAME, "must not be empty"));
        }
        if text.len() > bytes_max {
            return Err(Refusal::too_large(NAME, bytes_max));
        }
        Ok(text.into())
    }

    /// Content that has to speak for itself: blanks and what cannot be seen
    /// say nothing.
    fn shown_content(&mut self, bytes_max: usize) -> Result<Arc<str>, Refusal> {
        let content = self.content(bytes_max)?;
        if shows_something(&content) {
            Ok(content)
        } else {
            Err(Refusal::field("content", "must have something in it that can be seen"))
        }
    }

    /// The message that is being sent.
    pub fn draft(&mut self, bytes_max: usize) -> Result<Draft, Refusal> {
        let attachments = self.attachments()?;
        // A file may speak for itself.
        let content = match (attachments.is_empty(), self.has("content")) {
            (true, _) => self.shown_content(bytes_max)?,
            (false, true) => self.content(bytes_max)?,
            (false, false) => "".into(),
        };
        let extras = NewExtras {
            attachments,
            reply_to: self.message_or_none("reply_to")?,
            thread: self.message_or_none("thread_id")?,
            metadata: self.object("metadata", METADATA_BYTES)?,
            mentioned: mentioned_in(&content),
        };
        Ok(Draft { content, extras: extras.boxed() })
    }

    fn attachments(&mut self) -> Result<Vec<AttachmentId>, Refusal> {
        const NAME: &str = "attachments";
        let what = format!("must be a list of at most {ATTACHMENTS_PER_MESSAGE} attachment ids");
        let ids = match self.take(NAME) {
            None => return Ok(Vec::new()),
            Some(Value::Array(ids)) if ids.len() <= ATTACHMENTS_PER_MESSAGE => ids,
            Some(_) => return Err(Refusal::field(NAME, &what)),
        };
        let mut found: Vec<AttachmentId> = Vec::with_capacity(ids.len());
        for id in &ids {
            match id.as_str().and_then(AttachmentId::parse) {
                Some(id) if !found.contains(&id) => found.push(id),
                _ => return Err(Refusal::field(NAME, &what)),
            }
        }
        Ok(found)
    }

    /// What a message is to become.
    pub fn edit(&mut self, bytes_max: usize) -> Result<Draft, Refusal> {
        let content = self.shown_content(bytes_max)?;
        let extras = NewExtras { mentioned: mentioned_in(&content), ..NewExtras::default() };
        Ok(Draft { content, extras: extras.boxed() })
    }

    pub fn message(&mut self, name: &'static str) -> Result<MessageId, Refusal> {
        let id = self.text(name)?;
        MessageId::parse(&id).ok_or_else(|| Refusal::field(name, "is not a message id"))
    }

    pub fn message_or_none(&mut self, name: &'static str) -> Result<Option<MessageId>, Refusal> {
        let Some(id) = self.text_or_none(name)? else { return Ok(None) };
        let id = MessageId::parse(&id);
        id.map(Some).ok_or_else(|| Refusal::field(name, "is not a message id"))
    }

    /// Whether a field is there, also if it is null.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// A text that people see, without what cannot be seen in it.
    pub fn display_text(
        &mut self,
        name: &'static str,
        chars_max: usize,
    ) -> Result<Option<Arc<str>>, Refusal> {
        let Some(text) = self.text_or_none(name)? else { return Ok(None) };
        let shown = display_text(&text, chars_max);
        shown
            .map(|text| Some(text.into()))
            .map_err(|error| Refusal::field(name, &error.to_string()))
    }

    /// A point in time, RFC 3339.
    pub fn time_or_none(&mut self, name: &'static str) -> Result<Option<Timestamp>, Refusal> {
        let Some(text) = self.text_or_none(name)? else { return Ok(None) };
        let time = Timestamp::parse_rfc3339(&text);
        time.map(Some)
            .ok_or_else(|| Refusal::field(name, "must be a time such as 2026-11-20T21:00:00Z"))
    }

    /// A point in time that is still to come. One that is over is a mistake, a
    /// time zone or a typing error: it would end what it says before it began.
    pub fn future_or_none(
        &mut self,
        name: &'static str,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, Refusal> {
        match self.time_or_none(name)? {
            Some(time) if time <= now => Err(Refusal::field(name, "must lie in the future")),
            time => Ok(time),
        }
    }

    pub fn number_or_none(
        &mut self,
        name: &'static str,
        allowed: std::ops::RangeInclusive<i64>,
    ) -> Result<Option<i64>, Refusal> {
        let Some(value) = self.take(name) else { return Ok(None) };
        match value.as_i64().filter(|number| allowed.contains(number)) {
            Some(number) => Ok(Some(number)),
            None => {
                let (least, most) = (allowed.start(), allowed.end());
                let what = format!("must be a whole number from {least} to {most}");
                Err(Refusal::field(name, &what))
            }
        }
    }

    /// Any JSON value, as the text that is kept.
    pub fn json(&mut self, name: &'static str, bytes_max: usize) -> Result<Arc<str>, Refusal> {
        let text = self.take(name).unwrap_or_else(|| Value::Object(Map::new())).to_string();
        if text.len() > bytes_max {
            return Err(Refusal::too_large(name, bytes_max));
        }
        Ok(text.into())
    }

    pub fn user(&mut self) -> Result<UserId, Refusal> {
        const NAME: &str = "user_id";
        UserId::parse(&self.text(NAME)?).map_err(|error| invalid_id(NAME, &error))
    }

    /// Two different users.
    pub fn pair(&mut self, name: &'static str) -> Result<[UserId; 2], Refusal> {
        let refused = || Refusal::field(name, "must be a list of two different user ids");
        let Value::Array(ids) = self.required(name)? else { return Err(refused()) };
        let ids = ids.iter().map(|id| UserId::parse(id.as_str().unwrap_or_default()).ok());
        let ids: Option<Vec<UserId>> = ids.collect();
        let pair = ids.and_then(|ids| <[UserId; 2]>::try_from(ids).ok());
        pair.filter(|[one, other]| one != other).ok_or_else(refused)
    }

    /// A JSON object of somebody's own, as the text that is kept.
    pub fn object(
        &mut self,
        name: &'static str,
        bytes_max: usize,
    ) -> Result<Option<Arc<str>>, Refusal> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Object(object)) if object.is_empty() => Ok(None),
            Some(object @ Value::Object(_)) => {
                let text = object.to_string();
                if text.len() > bytes_max {
                    return Err(Refusal::too_large(name, bytes_max));
                }
                Ok(Some(text.into()))
            }
            Some(_) => Err(Refusal::field(name, "must be an object")),
        }
    }

    pub fn emoji(&mut self) -> Result<Arc<str>, Refusal> {
        const NAME: &str = "emoji";
        let text = self.text(NAME)?;
        let fits = |text: &str| text.len() <= EMOJI_BYTES;
        let emoji = if fits(&text) { canonical_emoji(&text) } else { None };
        match emoji.filter(|emoji| fits(emoji)) {
            Some(emoji) => Ok(emoji.into()),
            None => {
                let what = format!("must have 1 to {EMOJI_BYTES} bytes, all of which can be seen");
                Err(Refusal::field(NAME, &what))
            }
        }
    }

    pub fn truth(&mut self, name: &'static str) -> Result<bool, Refusal> {
        match self.required(name)? {
            Value::Bool(truth) => Ok(truth),
            _ => Err(Refusal::field(name, "must be true or false")),
        }
    }

    pub fn truth_or_false(&mut self, name: &'static str) -> Result<bool, Refusal> {
        match self.take(name) {
            None => Ok(false),
            Some(Value::Bool(truth)) => Ok(truth),
            Some(_) => Err(Refusal::field(name, "must be true or false")),
        }
    }

    pub fn status(&mut self) -> Result<Status, Refusal> {
        const NAME: &str = "status";
        let status = Status::parse_own(&self.text(NAME)?);
        status.ok_or_else(|| Refusal::field(NAME, "must be online or away"))
    }

    pub fn seq(&mut self, name: &'static str) -> Result<Seq, Refusal> {
        seq(&self.required(name)?, || name.into())
    }

    pub fn seq_or_none(&mut self, name: &'static str) -> Result<Option<Seq>, Refusal> {
        self.take(name).map(|value| seq(&value, || name.into())).transpose()
    }

    pub fn read_target(&mut self) -> Result<ReadTarget, Refusal> {
        let seq = self.seq_or_none("seq")?;
        let message = self.message_or_none("message_id")?;
        let all = self.truth_or_false("all")?;
        ReadTarget::one_of(seq, message, all).ok_or_else(|| {
            Refusal::field("seq", "or message_id or all is needed, and only one of them")
        })
    }

    pub fn history_cursor(&mut self) -> Result<HistoryCursor, Refusal> {
        let before = self.seq_or_none("before")?;
        let after = self.seq_or_none("after")?;
        let around = self.seq_or_none("around")?;
        HistoryCursor::one_of(before, after, around)
            .ok_or_else(|| Refusal::field("before", "after and around exclude each other"))
    }

    pub fn limit(&mut self, default: i64, max: i64) -> Result<i64, Refusal> {
        const NAME: &str = "limit";
        match self.take(NAME) {
            None => Ok(default),
            Some(value) => value
                .as_i64()
                .filter(|limit| (1..=max).contains(limit))
                .ok_or_else(|| Refusal::field(NAME, &format!("must be a number from 1 to {max}"))),
        }
    }

    /// The `since` of a `room.subscribe`, with the `epoch` that it is of.
    pub fn since(&mut self) -> Result<Option<Position>, Refusal> {
        let epoch = self.take("epoch").map(|value| epoch(&value, || "epoch".into())).transpose()?;
        Ok(self.seq_or_none("since")?.map(|seq| Position { seq, epoch }))
    }

    pub fn position_or_none(&mut self, name: &'static str) -> Result<Option<Position>, Refusal> {
        self.take(name).map(|value| position(&value, || name.into())).transpose()
    }

    /// The `rooms` of a `session.resume`: room id to the last position seen.
    pub fn positions(&mut self, rooms_max: usize) -> Result<Vec<(RoomId, Position)>, Refusal> {
        const NAME: &str = "rooms";
        let Value::Object(rooms) = self.required(NAME)? else {
            return Err(Refusal::field(NAME, "must be an object of room ids and positions"));
        };
        if rooms.len() > rooms_max {
            return Err(Refusal::field(NAME, &format!("must name at most {rooms_max} rooms")));
        }
        rooms
            .iter()
            .map(|(id, since)| {
                let named = || room_in(NAME, id);
                let room = RoomId::parse(id)
                    .map_err(|error| Refusal::field(named(), &error.to_string()))?;
                Ok((room, position(since, named)?))
            })
            .collect()
    }
}

/// PostgreSQL stores every character but this one
/// (<https://www.postgresql.org/docs/current/datatype-character.html>), and a
/// deployment may move there: it is refused everywhere.
fn without_nul(name: &'static str, text: String) -> Result<String, Refusal> {
    if text.contains('\0') {
        return Err(Refusal::field(name, "must not contain the character U+0000"));
    }
    Ok(text)
}

/// How the error calls a field; made only where there is one.
type Name = Cow<'static, str>;

fn invalid_id(name: &'static str, error: &InvalidId) -> Refusal {
    Refusal::field(name, &error.to_string())
}

/// One of several rooms, as the field of an error: no longer than an id is.
fn room_in(name: &'static str, id: &str) -> Name {
    if id.len() <= ID_CHARS_MAX { format!("{name}.{id}").into() } else { name.into() }
}

fn seq(value: &Value, name: impl Fn() -> Name) -> Result<Seq, Refusal> {
    value
        .as_i64()
        .filter(|seq| *seq >= 0)
        .map(Seq)
        .ok_or_else(|| Refusal::field(name(), "must be a whole number, 0 or more"))
}

/// `5`, or `{"since": 5, "epoch": "…"}`.
fn position(value: &Value, name: impl Fn() -> Name) -> Result<Position, Refusal> {
    let Value::Object(fields) = value else { return Ok(seq(value, name)?.into()) };
    let since = fields.get("since").ok_or_else(|| Refusal::field(name(), "must say since"))?;
    let named = fields.get("epoch").filter(|epoch| !epoch.is_null());
    let epoch = named.map(|value| epoch(value, &name)).transpose()?;
    Ok(Position { seq: seq(since, name)?, epoch })
}

fn epoch(value: &Value, name: impl Fn() -> Name) -> Result<Epoch, Refusal> {
    value
        .as_str()
        .and_then(|text| Epoch::parse(text).ok())
        .ok_or_else(|| Refusal::field(name(), "must have an epoch that is a text of 1 to 64 bytes"))
}
