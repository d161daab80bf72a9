//! Commands of the application's own, which it answers itself.

use actix::ArbiterHandle;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    Verdict,
    client::{Answer, Callback, CallbackConfig, NoAnswer, parse, reason},
};
use crate::protocol::UserView;
use parlor_domain::User;

/// What it is called.
pub(super) const COMMAND: &str = "command";

/// Passes commands on to the application.
#[derive(Clone)]
pub struct Commands(Callback);

#[derive(Serialize)]
struct Given<'a> {
    user: UserView<'a>,
    command: &'a str,
    data: &'a Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(tag = "action", rename_all = "lowercase")]
enum Told {
    Accept {
        #[serde(default)]
        answer: Value,
    },
    Refuse {
        reason: Option<String>,
    },
}

impl Commands {
    pub(super) fn new(config: CallbackConfig, answer_bytes: usize, thread: ArbiterHandle) -> Self {
        Self(Callback::new(COMMAND, config, answer_bytes, thread))
    }

    /// Gives a user's command to the application, once; it says what the answer is.
    pub async fn give(
        &self,
        user: &User,
        command: &str,
        data: &Map<String, Value>,
    ) -> Verdict<Value> {
        let given = Given { user: UserView::from(user), command, data };
        match self.0.ask(user.key, &given, read).await {
            Ok(Answer::Accept(answer)) => Verdict::Done(answer),
            Ok(Answer::Refuse(reason)) => Verdict::Refused(reason),
            Err(NoAnswer::Failed) => Verdict::Unanswered,
            Err(NoAnswer::Open | NoAnswer::Overloaded) => Verdict::Undecided,
        }
    }
}

fn read(bytes: &[u8]) -> Result<Answer<Value>, String> {
    Ok(match parse(bytes)? {
        Told::Accept { answer } => Answer::Accept(answer),
        Told::Refuse { reason: text } => Answer::Refuse(reason(text.as_deref())),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_is_whatever_the_application_says() {
        for (answer, said) in [
            (r#"{"action":"accept"}"#, json!(null)),
            (r#"{"action":"accept","answer":{"a":[1]}}"#, json!({"a": [1]})),
            (r#"{"answer":7,"action":"accept","reason":"no"}"#, json!(7)),
        ] {
            assert_eq!(read(answer.as_bytes()), Ok(Answer::Accept(said)), "{answer}");
        }
        let refused = read(br#"{"action":"refuse","reason":"sold out"}"#);
        assert_eq!(refused, Ok(Answer::Refuse("sold out".into())));
        for answer in ["", "[]", r#"{"answer":7}"#, r#"{"action":"rewrite","content":"x"}"#] {
            assert!(read(answer.as_bytes()).is_err(), "{answer}");
        }
    }
}
