//! What the types are called in the descriptions: clients have classes of these
//! names.

use serde_json::{Map, Value};

const PLACE: &str = "#/components/schemas/";

/// Those that are called otherwise than without their `View`: that would say too
/// little elsewhere, or is a word of a language.
const NAMES: [(&str, &str); 9] = [
    ("ErrorView", "ErrorDetail"),
    ("EventView", "AppEvent"),
    ("FoundView", "FoundInList"),
    ("KeyView", "ApiKey"),
    ("Keys", "ApiKeys"),
    ("LetterView", "DeadLetter"),
    ("SelfView", "Me"),
    ("TargetView", "WebhookTarget"),
    ("Thread", "ThreadPage"),
];

fn name_of(kind: &str) -> &str {
    let own = NAMES.iter().find(|(of, _)| *of == kind).map(|(_, name)| *name);
    own.unwrap_or_else(|| kind.strip_suffix("View").unwrap_or(kind))
}

/// Gives the types of a document the names that they have outside.
pub fn rename(document: &mut Value) {
    refer(document);
    let schemas = document["components"]["schemas"].take();
    if let Value::Object(schemas) = schemas {
        let named = schemas.into_iter().map(|(kind, schema)| (name_of(&kind).to_owned(), schema));
        document["components"]["schemas"] = Value::Object(named.collect::<Map<_, _>>());
    }
}

fn refer(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(to) if name == "$ref" => {
                        if let Some(kind) = to.strip_prefix(PLACE) {
                            *to = format!("{PLACE}{}", name_of(kind));
                        }
                    }
                    value => refer(value),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(refer),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn types_are_called_the_same_where_they_are_and_where_they_are_named() {
        let reference = |name| json!({"$ref": format!("{PLACE}{name}")});
        let mut document = json!({
            "paths": [reference("RoomView"), reference("Thread")],
            "components": {"schemas": {"RoomView": 1, "Thread": reference("ThreadView"), "ThreadView": 3}},
        });
        rename(&mut document);
        let expected = json!({
            "paths": [reference("Room"), reference("ThreadPage")],
            "components": {"schemas": {"Room": 1, "ThreadPage": reference("Thread"), "Thread": 3}},
        });
        assert_eq!(document, expected);
    }
}
