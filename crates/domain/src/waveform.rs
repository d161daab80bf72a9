//! How loud sound is over time, so that it can be drawn before it is heard.

use std::{borrow::Cow, sync::Arc};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use crate::limits::{LOUDNESS_MAX, WAVEFORM_PARTS};

/// The loudest moment of each of some parts of the same length, from 0 to
/// [`LOUDNESS_MAX`]. Who sends sound may tell it; the server decodes none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waveform(Arc<[u8]>);

impl Waveform {
    /// # Errors
    /// What is wrong with the values; it continues a sentence that begins with the name of
    /// the field.
    pub fn new(values: Vec<u8>) -> Result<Self, String> {
        let is_one = (1..=WAVEFORM_PARTS).contains(&values.len())
            && values.iter().all(|loudness| *loudness <= LOUDNESS_MAX);
        is_one.then(|| Self(values.into())).ok_or_else(what)
    }

    /// Reads the form that it has in a query: `0,12,100`.
    ///
    /// # Errors
    /// As of [`Waveform::new`].
    pub fn parse(text: &str) -> Result<Self, String> {
        let values: Result<Vec<u8>, _> =
            text.split(',').take(WAVEFORM_PARTS + 1).map(str::parse).collect();
        values.map_err(|_| what()).and_then(Self::new)
    }

    /// One that was stored.
    pub fn from_stored(values: Vec<u8>) -> Self {
        Self(values.into())
    }

    pub fn values(&self) -> &[u8] {
        &self.0
    }

    /// The form that [`Waveform::parse`] reads.
    pub fn to_text(&self) -> String {
        self.0.iter().map(u8::to_string).collect::<Vec<_>>().join(",")
    }
}

fn what() -> String {
    format!("must be 1 to {WAVEFORM_PARTS} whole numbers from 0 to {LOUDNESS_MAX}")
}

impl Serialize for Waveform {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(to)
    }
}

impl<'de> Deserialize<'de> for Waveform {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::new(Vec::deserialize(from)?).map_err(D::Error::custom)
    }
}

impl JsonSchema for Waveform {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Waveform".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "array",
            "items": {"type": "integer", "minimum": 0, "maximum": LOUDNESS_MAX},
            "minItems": 1,
            "maxItems": WAVEFORM_PARTS,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_waveform_is_read_as_it_is_written() {
        let waveform = Waveform::parse("0,12,100").expect("it is one");
        assert_eq!((waveform.values(), &*waveform.to_text()), (&[0, 12, 100][..], "0,12,100"));
        let json = serde_json::to_string(&waveform).expect("JSON");
        assert_eq!(json, "[0,12,100]");
        assert_eq!(serde_json::from_str::<Waveform>(&json).expect("it is one"), waveform);
    }

    #[test]
    fn what_is_too_long_or_too_loud_is_none() {
        assert!(Waveform::parse(&["1"; WAVEFORM_PARTS].join(",")).is_ok());
        let long = ["1"; WAVEFORM_PARTS + 1].join(",");
        for text in ["", "101", "-1", "1,", "1,,2", "0.5", "a", "256", "1 2", &long] {
            let refused = Waveform::parse(text).expect_err("it is none");
            assert_eq!(refused, "must be 1 to 64 whole numbers from 0 to 100", "{text}");
        }
        for json in ["[]", "[101]", "[-1]", "[1.5]", "5", "\"1\"", &format!("[{long}]")] {
            assert!(serde_json::from_str::<Waveform>(json).is_err(), "{json}");
        }
    }
}
