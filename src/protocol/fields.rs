//! Takes a frame's `data` apart and names the field that is wrong.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::Refusal;
use parlor_domain::{Timestamp, display_text};

/// The fields of one `data` object, or of a REST body.
#[derive(serde::Deserialize)]
#[serde(transparent)]
pub struct Fields(pub Map<String, Value>);

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
