//! The tools of an assistant. What each is for and what it takes is told to the model, in
//! words that it can act on.

mod reading;
mod rooms;
mod threads;
mod waiting;
mod writing;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use rmcp::{
    handler::server::tool::schema_for_input,
    model::{JsonObject, ToolAnnotations},
};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::speaker::Speaker;

/// What comes of a call, or why nothing does, in words for the model.
type Outcome = Result<Value, String>;

pub(super) struct Tool {
    pub described: rmcp::model::Tool,
    /// Whether anybody else sees something of it.
    pub writes: bool,
    pub call: for<'a> fn(&'a Speaker, Value) -> BoxFuture<'a, Outcome>,
}

/// What one takes, and does.
trait Does: DeserializeOwned + JsonSchema + Send + 'static {
    const NAME: &'static str;
    const ABOUT: &'static str;
    const WRITES: bool = false;

    fn run(self, of: &Speaker) -> impl Future<Output = Outcome> + Send;
}

fn tool<T: Does>() -> Tool {
    let mut schema: Arc<JsonObject> = schema_for_input::<T>().unwrap_or_default();
    // What the tool is for is said once.
    for told_elsewhere in ["$schema", "title", "description"] {
        Arc::make_mut(&mut schema).remove(told_elsewhere);
    }
    // What else it may be, programs suppose the worst.
    let about = ToolAnnotations::new().read_only(!T::WRITES);
    Tool {
        described: rmcp::model::Tool::new(T::NAME, T::ABOUT, schema).with_annotations(about),
        writes: T::WRITES,
        call: |of, arguments| {
            Box::pin(async move {
                let read = serde_json::from_value::<T>(arguments);
                read.map_err(|error| format!("invalid_arguments: {error}"))?.run(of).await
            })
        },
    }
}

/// All of them.
pub(super) fn tools() -> Vec<Tool> {
    vec![
        tool::<rooms::ListRooms>(),
        tool::<reading::ReadMessages>(),
        tool::<reading::ReadMessage>(),
        tool::<reading::ReadThread>(),
        tool::<reading::SearchMessages>(),
        tool::<rooms::ListUnread>(),
        tool::<rooms::ListMembers>(),
        tool::<rooms::FindPeople>(),
        tool::<waiting::WaitForMessages>(),
        tool::<writing::SendMessage>(),
        tool::<writing::Reply>(),
        tool::<writing::React>(),
        tool::<writing::MarkRead>(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_described_to_a_model() {
        for tool in tools() {
            let described = tool.described;
            let about = described.description.expect("what it is for");
            assert!(about.len() < 400, "{}", described.name);
            let schema = Value::Object((*described.input_schema).clone());
            assert_eq!(schema["additionalProperties"], false, "{}", described.name);
            for (name, field) in schema["properties"].as_object().into_iter().flatten() {
                assert!(field["description"].is_string(), "{}: {name}: {field}", described.name);
            }
        }
    }
}
