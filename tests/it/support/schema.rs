//! Every frame that any test gets is held against the server's own
//! description of it.

use std::{collections::HashMap, sync::OnceLock};

use jsonschema::Validator;
use serde_json::Value;

/// The schemas of frames, by their type.
pub struct FrameSchemas {
    events: HashMap<String, Validator>,
    commands: HashMap<String, Validator>,
}

impl FrameSchemas {
    /// Made once; the description does not change.
    pub fn get() -> &'static Self {
        static SCHEMAS: OnceLock<FrameSchemas> = OnceLock::new();
        SCHEMAS.get_or_init(|| Self::read(&parlor::rest::asyncapi()))
    }

    fn read(document: &Value) -> Self {
        let (mut events, mut commands) = (HashMap::new(), HashMap::new());
        let messages = document["channels"]["socket"]["messages"].as_object().expect("messages");
        for (name, message) in messages {
            let mut schema = message["payload"].clone();
            schema["components"] = document["components"].clone();
            let validator = jsonschema::validator_for(&schema).expect("a good schema");
            match name.strip_prefix("command.") {
                Some(kind) => commands.insert(kind.to_owned(), validator),
                None => events.insert(name.clone(), validator),
            };
        }
        Self { events, commands }
    }

    /// A frame of the server is as described; one of a type that is not
    /// Parlor's is the application's.
    pub fn check_event(&self, frame: &Value) {
        let kind = frame["type"].as_str().unwrap_or_default();
        let of_kind = self.events.get(kind).or_else(|| self.events.get("application"));
        check(of_kind.expect("described"), frame);
    }

    pub fn check_command(&self, frame: &Value) {
        let kind = frame["type"].as_str().unwrap_or_default();
        let of_kind = self.commands.get(kind).unwrap_or_else(|| panic!("described: {kind}"));
        check(of_kind, frame);
    }

    pub fn is_command(&self, kind: &str) -> bool {
        self.commands.contains_key(kind)
    }
}

fn check(validator: &Validator, frame: &Value) {
    let wrong: Vec<String> = validator
        .iter_errors(frame)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(wrong.is_empty(), "a frame that is not as described: {frame}\n{}", wrong.join("\n"));
}
