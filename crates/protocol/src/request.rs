//! Reads a request: one struct, whichever door it comes through.
//!
//! Over the socket its fields are a frame's `data`; over REST they are the
//! path's, the query's and the body's together. serde reads them; what is added
//! here is that an error names the field.

use std::{borrow::Cow, fmt, sync::Arc};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer,
    de::{
        self, DeserializeOwned, DeserializeSeed, IntoDeserializer, MapAccess, Visitor,
        value::StringDeserializer,
    },
    forward_to_deserialize_any,
};
use serde_json::{Map, Value};

use crate::{ErrorCode, Refusal};

/// The fields of a request, and where each is from.
#[derive(Debug, Default)]
pub struct Input(Vec<(String, Field)>);

#[derive(Debug)]
enum Field {
    Json(Value),
    /// From the path or the query, where everything is a text.
    Text(String),
}

impl Input {
    pub fn of(fields: Map<String, Value>) -> Self {
        Self(fields.into_iter().map(|(name, value)| (name, Field::Json(value))).collect())
    }

    /// Adds a field of the path or the query. It stands before one of the body
    /// of the same name.
    pub fn add(&mut self, name: &str, text: String) {
        self.0.retain(|(known, _)| known != name);
        self.0.push((name.to_owned(), Field::Text(text)));
    }

    /// Reads a request.
    ///
    /// # Errors
    /// The first field that is missing or wrong.
    pub fn read<T: DeserializeOwned>(self) -> Result<T, Refusal> {
        T::deserialize(self)
    }
}

impl<'de> Deserializer<'de> for Input {
    type Error = Refusal;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        visitor.visit_map(Fields { left: self.0.into_iter(), current: None })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier
        ignored_any
    }
}

struct Fields {
    left: std::vec::IntoIter<(String, Field)>,
    current: Option<(String, Field)>,
}

impl<'de> MapAccess<'de> for Fields {
    type Error = Refusal;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Refusal> {
        self.current = self.left.next();
        let Some((name, _)) = &self.current else { return Ok(None) };
        let name: StringDeserializer<Refusal> = name.clone().into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Refusal> {
        let (name, field) = self.current.take().expect("a key comes before its value");
        match field {
            Field::Json(value) => {
                let mut track = serde_path_to_error::Track::new();
                let read =
                    seed.deserialize(serde_path_to_error::Deserializer::new(value, &mut track));
                read.map_err(|error| refused(&within(name, &track.path()), &error))
            }
            Field::Text(text) => {
                seed.deserialize(Text(text)).map_err(|error| refused(&name, &error))
            }
        }
    }
}

/// The longest name that an error repeats: what is in it may be somebody's own.
const NAME_BYTES: usize = 80;

/// A field of a field, as the error calls it.
fn within(name: String, path: &serde_path_to_error::Path) -> String {
    // Which of a list it is says nothing to who made the list.
    let names = path.iter().filter_map(|segment| match segment {
        serde_path_to_error::Segment::Map { key } => Some(key.as_str()),
        _ => None,
    });
    let path = names.collect::<Vec<_>>().join(".");
    match name.len() + path.len() < NAME_BYTES && !path.is_empty() {
        true => format!("{name}.{path}"),
        false => name,
    }
}

/// serde says what it found and what it expected; a person needs the latter.
fn refused(name: &str, error: &dyn fmt::Display) -> Refusal {
    let text = error.to_string();
    let what = match text.split_once(", expected ") {
        Some(("", _)) | None => text,
        Some((_, "a boolean")) => "must be true or false".to_owned(),
        Some((_, "a string" | "a borrowed string" | "string or map")) => {
            "must be a text".to_owned()
        }
        Some((_, "a map")) => "must be an object".to_owned(),
        Some((_, "a sequence")) => "must be a list".to_owned(),
        Some((_, expected)) => format!("must be {}", expected.replace('`', "")),
    };
    Refusal::field(name.to_owned(), &what)
}

/// One text that stands for a value of any simple type.
struct Text(String);

macro_rules! parsed {
    ($($deserialize:ident $visit:ident)*) => {$(
        fn $deserialize<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
            match self.0.parse() {
                Ok(value) => visitor.$visit(value),
                Err(_) => visitor.visit_string(self.0),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Text {
    type Error = de::value::Error;

    parsed! {
        deserialize_bool visit_bool
        deserialize_i64 visit_i64
        deserialize_u64 visit_u64
        deserialize_f64 visit_f64
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_string(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        visitor.visit_enum(self.0.into_deserializer())
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i128 u8 u16 u32 u128 f32 char str string bytes byte_buf unit unit_struct seq
        tuple tuple_struct map struct identifier ignored_any
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Refusal {}

impl de::Error for Refusal {
    fn custom<T: fmt::Display>(what: T) -> Self {
        Self { code: ErrorCode::InvalidMessage, message: what.to_string(), field: None }
    }

    fn missing_field(name: &'static str) -> Self {
        Self::field(name, "is missing")
    }

    fn unknown_field(name: &str, _: &'static [&'static str]) -> Self {
        let name: String = name.chars().take(NAME_BYTES).collect();
        Self::field(name, "is no field of it")
    }
}

/// For a field whose `null` means something else than that it is left out:
/// `None` if it is left out.
pub fn null_or<'de, D, T>(from: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(from).map(Some)
}

/// A JSON object of somebody's own, as the text that is kept; an empty one is
/// none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object(pub Option<Arc<str>>);

impl Object {
    /// # Errors
    /// One that is too large, by the name of its field.
    pub fn check(
        name: &'static str,
        object: Option<&Self>,
        bytes_max: usize,
    ) -> Result<(), Refusal> {
        let text = object.and_then(|Self(text)| text.as_ref());
        match text.is_some_and(|text| text.len() > bytes_max) {
            true => Err(Refusal::too_large(name, bytes_max)),
            false => Ok(()),
        }
    }
}

/// Any JSON value, as the text that is kept; an empty object if it does not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Json(pub Arc<str>);

impl Default for Json {
    fn default() -> Self {
        Self("{}".into())
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Value::deserialize(from).map(|value| Self(value.to_string().into()))
    }
}

impl JsonSchema for Json {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Json".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        crate::any_json(generator)
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let object = Map::deserialize(from)?;
        Ok(Self((!object.is_empty()).then(|| Value::Object(object).to_string().into())))
    }
}

impl JsonSchema for Object {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Object".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "object", "additionalProperties": true})
    }
}

#[cfg(test)]
mod tests {
    use parlor_domain::{DisplayText, RoomId, Seq};
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Sample {
        room_id: RoomId,
        after: Option<Seq>,
        title: Option<DisplayText<4>>,
        #[serde(default)]
        all: bool,
        #[serde(default, deserialize_with = "null_or")]
        custom: Option<Option<Map<String, Value>>>,
    }

    fn input(fields: Value) -> Input {
        let Value::Object(fields) = fields else { panic!("an object") };
        Input::of(fields)
    }

    #[test]
    fn a_request_is_read_from_json_and_from_texts() {
        let mut fields = input(json!({"title": " a ", "custom": null, "other": 1}));
        fields.add("room_id", "r".to_owned());
        fields.add("after", "7".to_owned());
        let sample: Sample = fields.read().expect("a good one");
        assert_eq!((sample.room_id.as_str(), sample.after, sample.all), ("r", Some(Seq(7)), false));
        assert_eq!(sample.title, Some(DisplayText("a".into())));
        assert_eq!(sample.custom, Some(None), "null is not the same as nothing");
        let sample: Sample = input(json!({"room_id": "r", "all": true})).read().expect("good");
        assert_eq!((sample.all, sample.custom, sample.after), (true, None, None));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (fields, message) in [
            (json!({}), "room_id is missing"),
            (json!({"room_id": 5}), "room_id must be a text"),
            (json!({"room_id": ""}), "room_id must not be empty"),
            (json!({"room_id": "r", "after": -1}), "after must be a whole number, 0 or more"),
            (json!({"room_id": "r", "after": "1"}), "after must be a whole number, 0 or more"),
            (json!({"room_id": "r", "all": 1}), "all must be true or false"),
            (json!({"room_id": "r", "custom": []}), "custom must be an object"),
            (json!({"room_id": "r", "title": "12345"}), "title must have at most 4 characters"),
            (json!({"room_id": "r", "title": "\0"}), "title must not contain the character U+0000"),
        ] {
            let refusal = input(fields.clone()).read::<Sample>().expect_err("refused");
            assert_eq!(refusal.message, message, "{fields}");
            assert_eq!(refusal.field.as_deref(), message.split(' ').next());
        }
        let mut fields = input(json!({"room_id": "r"}));
        fields.add("after", "x".to_owned());
        let refusal = fields.read::<Sample>().expect_err("refused");
        assert_eq!(refusal.message, "after must be a whole number, 0 or more");
    }
}
