//! JSON schemas of the types that are sent and received.

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings, json_schema};
use serde_json::{Map, Value};

/// Makes schemas, and keeps those that are used several times apart.
pub struct Schemas(SchemaGenerator);

impl Schemas {
    /// Of what is sent. `place` is where they are in the document, such as
    /// `/components/schemas`.
    pub fn new(place: &'static str) -> Self {
        Self(Self::settings(place).for_serialize().into_generator())
    }

    /// Of what is received: what may be left out is not required.
    pub fn received(place: &'static str) -> Self {
        Self(Self::settings(place).for_deserialize().into_generator())
    }

    fn settings(place: &'static str) -> SchemaSettings {
        let mut settings = SchemaSettings::draft2020_12();
        settings.definitions_path = place.into();
        settings.meta_schema = None;
        settings
    }

    pub fn of<T: JsonSchema>(&mut self) -> Value {
        self.0.subschema_for::<T>().to_value()
    }

    /// As it is, also where it has a name of its own.
    pub fn inline<T: JsonSchema>(&mut self) -> Value {
        T::json_schema(&mut self.0).to_value()
    }

    pub fn definitions(&mut self) -> Map<String, Value> {
        self.0.take_definitions(true)
    }
}

/// Of what is somebody's own.
pub fn any_json(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": ["object", "array", "string", "number", "boolean", "null"]})
}
