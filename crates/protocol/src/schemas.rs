//! JSON schemas of the types that are sent and received.

use std::{borrow::Cow, marker::PhantomData};

use parlor_domain::{Role, RoomKind, Status};
use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings, json_schema};
use serde_json::{Map, Value, json};

/// Makes schemas, and keeps those that are used several times apart.
pub struct Schemas {
    generator: SchemaGenerator,
    /// Whether they are of what the server sends.
    sent: bool,
}

impl Schemas {
    /// Of what is sent. `place` is where they are in the document, such as
    /// `/components/schemas`.
    pub fn new(place: &'static str) -> Self {
        Self { generator: Self::settings(place).for_serialize().into_generator(), sent: true }
    }

    /// Of what is received: what may be left out is not required.
    pub fn received(place: &'static str) -> Self {
        Self { generator: Self::settings(place).for_deserialize().into_generator(), sent: false }
    }

    fn settings(place: &'static str) -> SchemaSettings {
        let mut settings = SchemaSettings::draft2020_12();
        settings.definitions_path = place.into();
        settings.meta_schema = None;
        settings
    }

    pub fn of<T: JsonSchema>(&mut self) -> Value {
        let schema = self.generator.subschema_for::<T>().to_value();
        self.exact(schema)
    }

    /// As it is, also where it has a name of its own.
    pub fn inline<T: JsonSchema>(&mut self) -> Value {
        let schema = T::json_schema(&mut self.generator).to_value();
        self.exact(schema)
    }

    pub fn definitions(&mut self) -> Map<String, Value> {
        let all = self.generator.take_definitions(true);
        all.into_iter().map(|(name, schema)| (name, self.exact(schema))).collect()
    }

    fn exact(&self, mut schema: Value) -> Value {
        make_exact(&mut schema, self.sent);
        schema
    }
}

/// Says what the types of Rust do not: formats that others know, which texts
/// are times, and that what is not there is left out and never `null`.
fn make_exact(schema: &mut Value, sent: bool) {
    match schema {
        Value::Array(several) => several.iter_mut().for_each(|schema| make_exact(schema, sent)),
        Value::Object(fields) => {
            let is_unsigned = |format: &Value| format.as_str()?.strip_prefix("uint").map(|_| ());
            if fields.get("format").and_then(is_unsigned).is_some() {
                fields.insert("format".to_owned(), json!("int64"));
            }
            if !sent && fields.get("enum").is_some_and(|all| is_list_with(all, &Value::Null)) {
                *schema = one_of_or_null(fields);
                return;
            }
            let required = fields.get("required").cloned().unwrap_or_default();
            let is_required = |name: &str| {
                required.as_array().is_some_and(|names| names.iter().any(|other| other == name))
            };
            if let (true, Some(Value::Object(properties))) = (sent, fields.get_mut("properties")) {
                for (name, property) in properties {
                    if !is_required(name) {
                        remove_null(property);
                    }
                    // One with a pattern is a time of day.
                    if is_time(name) && is_text(property) && property.get("pattern").is_none() {
                        property["format"] = json!("date-time");
                    }
                }
            }
            fields.values_mut().for_each(|schema| make_exact(schema, sent));
        }
        _ => {}
    }
}

fn is_list_with(list: &Value, value: &Value) -> bool {
    list.as_array().is_some_and(|all| all.contains(value))
}

/// Generators of clients make a word of the language of each text, and cannot
/// of `null`.
fn one_of_or_null(fields: &mut Map<String, Value>) -> Value {
    let mut texts = fields.remove("enum").unwrap_or_default();
    if let Some(texts) = texts.as_array_mut() {
        texts.retain(|text| !text.is_null());
    }
    fields.remove("type");
    let mut schema = Value::Object(std::mem::take(fields));
    schema["anyOf"] = json!([{"type": "string", "enum": texts}, {"type": "null"}]);
    schema
}

/// How the fields of answers are called that are times (RFC 3339).
fn is_time(name: &str) -> bool {
    let is_named = ["at", "until", "timestamp", "last_seen", "oldest"].contains(&name);
    is_named || name.ends_with("_at") || name.ends_with("_until")
}

fn is_text(schema: &Value) -> bool {
    schema["type"] == "string" || is_list_with(&schema["type"], &json!("string"))
}

/// Takes back what `Option` has added.
fn remove_null(schema: &mut Value) {
    let null = json!({"type": "null"});
    if let Some(Value::Array(kinds)) = schema.get_mut("type") {
        kinds.retain(|kind| kind != "null");
        if let [kind] = &kinds[..] {
            schema["type"] = kind.clone();
        }
    } else if let Some(Value::Array(several)) = schema.get_mut("anyOf") {
        several.retain(|schema| *schema != null);
        if let [one] = &several[..] {
            *schema = one.clone();
        }
    }
}

/// Of what is somebody's own.
pub fn any_json(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"description": "Any JSON value."})
}

/// Something that may be left out, and is also `null` sometimes.
pub struct OrNull<T>(PhantomData<T>);

impl<T: JsonSchema> JsonSchema for OrNull<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("{}OrNull", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({"oneOf": [generator.subschema_for::<T>(), {"type": "null"}]})
    }
}

/// What is one of a few texts is a type of its own in clients. Requests repeat
/// the texts, because they allow fewer of them, or `null`.
macro_rules! one_of {
    ($($(#[$doc:meta])* $name:ident, $called:literal, $kind:ty;)*) => {$(
        $(#[$doc])*
        pub struct $name;

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                $called.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({"type": "string", "enum": <$kind>::ALL.map(<$kind>::as_str)})
            }
        }
    )*};
}

one_of! {
    /// The kind of any room, also of a direct one.
    AnyRoomKind, "RoomKind", RoomKind;
    /// The role of a member.
    AnyRole, "Role", Role;
    /// The status that others see of a user.
    AnyStatus, "PresenceStatus", Status;
}

#[cfg(test)]
mod tests {
    use serde::Serialize;

    use super::*;

    #[derive(serde::Deserialize, JsonSchema)]
    #[expect(dead_code, reason = "only its schema is looked at")]
    struct Asked {
        /// A role.
        role: Option<parlor_domain::Role>,
    }

    #[test]
    fn no_text_that_may_be_asked_for_is_null() {
        let schema = Schemas::received("").inline::<Asked>();
        let texts = ["owner", "moderator", "member", "read_only"];
        let role = json!({
            "description": "A role.",
            "anyOf": [{"type": "string", "enum": texts}, {"type": "null"}],
        });
        assert_eq!(schema["properties"]["role"], role);
    }

    #[derive(Serialize, JsonSchema)]
    struct Sample {
        created_at: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        muted_until: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schemars(with = "OrNull<String>")]
        last: Option<Option<String>>,
        named: Option<usize>,
        #[schemars(schema_with = "any_json")]
        data: Value,
    }

    #[test]
    fn what_is_sent_is_told_exactly() {
        let mut schema = Schemas::new("").inline::<Sample>();
        let fields = schema["properties"].take();
        assert_eq!(fields["created_at"], json!({"type": "string", "format": "date-time"}));
        assert_eq!(fields["muted_until"], fields["created_at"], "it is left out, not null");
        assert_eq!(fields["last"], json!({"oneOf": [{"type": "string"}, {"type": "null"}]}));
        assert_eq!(fields["named"]["type"], json!(["integer", "null"]), "it is always there");
        assert_eq!(fields["named"]["format"], "int64");
        assert!(fields["data"].get("type").is_none(), "anything");
        assert_eq!(schema["required"], json!(["created_at", "named", "data"]));
    }
}
