//! Takes a frame's `data` apart and names the field that is wrong.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{ErrorCode, Refusal};
use crate::domain::{ClientId, HistoryCursor, InvalidId, MessageId, ReadTarget, RoomId, Seq};

/// The fields of one `data` object.
pub(super) struct Fields(pub Map<String, Value>);

impl Fields {
    fn take(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name).filter(|value| !value.is_null())
    }

    fn required(&mut self, name: &'static str) -> Result<Value, Refusal> {
        self.take(name).ok_or_else(|| Refusal::field(name, "is missing"))
    }

    pub fn text(&mut self, name: &'static str) -> Result<String, Refusal> {
        match self.required(name)? {
            Value::String(text) => Ok(text),
            _ => Err(Refusal::field(name, "must be a text")),
        }
    }

    fn text_or_none(&mut self, name: &'static str) -> Result<Option<String>, Refusal> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
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

    pub fn content(&mut self, bytes_max: usize) -> Result<Arc<str>, Refusal> {
        const NAME: &str = "content";
        let text = self.text(NAME)?;
        if text.is_empty() {
            return Err(Refusal::field(NAME, "must not be empty"));
        }
        if text.len() > bytes_max {
            let message = format!("content must have at most {bytes_max} bytes");
            return Err(Refusal { code: ErrorCode::TooLarge, message, field: Some(NAME) });
        }
        Ok(text.into())
    }

    pub fn seq_or_none(&mut self, name: &'static str) -> Result<Option<Seq>, Refusal> {
        self.take(name).map(|value| seq(&value, name)).transpose()
    }

    pub fn read_target(&mut self) -> Result<ReadTarget, Refusal> {
        let seq = self.seq_or_none("seq")?;
        let message = self.text_or_none("message_id")?;
        let all = match self.take("all") {
            None | Some(Value::Bool(false)) => false,
            Some(Value::Bool(true)) => true,
            Some(_) => return Err(Refusal::field("all", "must be true or false")),
        };
        let message = message
            .map(|id| MessageId::parse(&id).ok_or(id))
            .transpose()
            .map_err(|_| Refusal::field("message_id", "is not a message id"))?;
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

    /// The `rooms` of a `session.resume`: room id to the last `seq` seen.
    pub fn positions(&mut self, rooms_max: usize) -> Result<Vec<(RoomId, Seq)>, Refusal> {
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
                let id = RoomId::parse(id).map_err(|error| invalid_id(NAME, &error))?;
                Ok((id, seq(since, NAME)?))
            })
            .collect()
    }
}

fn invalid_id(name: &'static str, error: &InvalidId) -> Refusal {
    Refusal::field(name, &error.to_string())
}

fn seq(value: &Value, name: &'static str) -> Result<Seq, Refusal> {
    value
        .as_i64()
        .filter(|seq| *seq >= 0)
        .map(Seq)
        .ok_or_else(|| Refusal::field(name, "must be a whole number, 0 or more"))
}
