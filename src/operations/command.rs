//! Commands of the application's own.

use parlor_domain::EventKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Anywhere, Asked, ChatError, ChatServer, Operation, Requester, Shown};
use crate::protocol::{Input, Refusal, Rules, any_json};

/// What the types of all of them begin with.
pub const PREFIX: &str = "app.";

/// Is passed to the application, which answers it.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Command {
    #[serde(flatten)]
    data: Map<String, Value>,
    /// The type of its frame.
    #[serde(skip)]
    kind: Option<EventKind>,
}

fn unknown() -> Refusal {
    Refusal::field("type", "is not known")
}

impl Command {
    /// Reads one of a type.
    ///
    /// # Errors
    /// A type that is none.
    pub fn read(kind: &str, input: Input) -> Result<Self, Refusal> {
        let kind = Some(EventKind::parse(kind).map_err(|_| unknown())?);
        Ok(Self { kind, ..input.read()? })
    }
}

impl Operation for Command {
    type Answer = Answered;
    type Place = Anywhere;

    fn place(&self) {}

    fn check(&mut self, _: &Rules) -> Result<(), Refusal> {
        if self.kind.is_some() { Ok(()) } else { Err(unknown()) }
    }

    /// The application decides.
    fn allowed(&self, _: &Requester, _: &Anywhere) -> Result<(), ChatError> {
        Ok(())
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        let Asked { from, reply, .. } = asked;
        let (Self { data, kind }, commands) = (self, server.settings.callbacks.commands.clone());
        let (Some(commands), Some(kind)) = (commands, kind) else {
            return server.answer(reply, Err(ChatError::NoSuchCommand));
        };
        server.answer_when(reply, async move {
            let verdict = commands.give(&from.user, kind.as_str(), &data).await;
            Result::<Value, ChatError>::from(verdict).map(|answer| Answered { answer })
        });
    }
}

/// What the application has answered.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Answered {
    #[schemars(schema_with = "any_json")]
    pub answer: Value,
}

impl Shown for Answered {
    type View<'a> = &'a Self;

    fn view(&self) -> &Self {
        self
    }
}
