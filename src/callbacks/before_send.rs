//! The question before a message is stored, or its content changed.

use std::sync::Arc;

use actix::ArbiterHandle;
use serde::{Deserialize, Serialize};

use super::{
    OnFailure,
    client::{Answer, Callback, CallbackConfig, NoAnswer, parse, reason},
};
use crate::protocol::{Object, Refusal, UserView};
use parlor_domain::{PlainText, User};

/// What it is called.
pub(super) const BEFORE_SEND: &str = "before_send";

/// Whom to ask before a message is stored, and what holds if there is no answer.
#[derive(Clone, Debug)]
pub struct BeforeSendConfig {
    pub callback: CallbackConfig,
    pub on_failure: OnFailure,
}

/// Asks before a message is stored.
#[derive(Clone)]
pub struct BeforeSend {
    callback: Callback,
    on_failure: OnFailure,
}

/// A message that is not stored yet, as the application is shown it.
#[derive(Serialize)]
pub struct Draft<'a> {
    pub kind: DraftKind,
    pub room_id: &'a str,
    pub user: UserView<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<&'a str>,
    pub content: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<&'a serde_json::value::RawValue>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<String>,
}

/// What is about to happen.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DraftKind {
    Send,
    Edit,
}

/// What the application has instead: what it does not name stays as it is.
#[derive(Debug, Deserialize, PartialEq, Eq)]
pub struct Rewriting {
    pub content: Option<PlainText>,
    pub metadata: Option<Object>,
}

/// What is to be done with what was asked about.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict<O> {
    /// It is done, as it was asked for or as the application has rewritten it.
    Done(O),
    /// Why not, for the user.
    Refused(Arc<str>),
    /// Nobody can say at the moment; nothing was done.
    Undecided,
    /// What was done about it, only the application knows.
    Unanswered,
}

#[derive(Deserialize)]
#[serde(tag = "action", rename_all = "lowercase")]
enum Told {
    Accept,
    Refuse { reason: Option<String> },
    Rewrite(Rewriting),
}

impl BeforeSend {
    pub(super) fn new(
        config: BeforeSendConfig,
        answer_bytes: usize,
        thread: ArbiterHandle,
    ) -> Self {
        let BeforeSendConfig { callback, on_failure } = config;
        Self { callback: Callback::new(BEFORE_SEND, callback, answer_bytes, thread), on_failure }
    }

    /// Asks about an operation. `rewrite` changes it, and checks it as if a client
    /// had said it so: what an application writes that no client may is no answer.
    pub async fn ask<O: Clone + Send + 'static>(
        &self,
        user: &User,
        draft: &Draft<'_>,
        operation: O,
        rewrite: impl FnOnce(O, Rewriting) -> Result<O, Refusal> + Send + 'static,
    ) -> Verdict<O> {
        let original = operation.clone();
        let read = move |bytes: &[u8]| read(bytes, original, rewrite);
        match self.callback.ask(user.key, draft, read).await {
            Ok(Answer::Accept(operation)) => Verdict::Done(operation),
            Ok(Answer::Refuse(reason)) => Verdict::Refused(reason),
            // Or whoever asks too much would get past the question.
            Err(NoAnswer::Overloaded) => Verdict::Undecided,
            Err(NoAnswer::Failed | NoAnswer::Open) => match self.on_failure {
                OnFailure::Open => Verdict::Done(operation),
                OnFailure::Closed => Verdict::Undecided,
            },
        }
    }
}

fn read<O>(
    bytes: &[u8],
    operation: O,
    rewrite: impl FnOnce(O, Rewriting) -> Result<O, Refusal>,
) -> Result<Answer<O>, String> {
    match parse(bytes)? {
        Told::Accept => Ok(Answer::Accept(operation)),
        Told::Refuse { reason: text } => Ok(Answer::Refuse(reason(text.as_deref()))),
        Told::Rewrite(Rewriting { content: None, metadata: None }) => {
            Err("its answer rewrites nothing".to_owned())
        }
        Told::Rewrite(rewriting) => match rewrite(operation, rewriting) {
            Ok(rewritten) => Ok(Answer::Accept(rewritten)),
            Err(refusal) => Err(format!("its answer cannot be stored: {}", refusal.message)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_of(answer: &str) -> Result<Answer<String>, String> {
        read(answer.as_bytes(), "hi".to_owned(), |_, rewriting| match rewriting.content {
            Some(PlainText(content)) if content.len() > 4 => Err(Refusal::too_large("content", 4)),
            Some(PlainText(content)) => Ok(content.to_string()),
            None => Ok("with metadata".to_owned()),
        })
    }

    #[test]
    fn an_answer_accepts_refuses_or_rewrites() {
        for (answer, accepted) in [
            (r#"{"action":"accept"}"#, "hi"),
            (r#"{"action":"accept","content":"no rewriting","x":[1]}"#, "hi"),
            (r#"{"content":"h*","action":"rewrite"}"#, "h*"),
            (r#"{"action":"rewrite","metadata":{"a":{"b":[1]}}}"#, "with metadata"),
        ] {
            assert_eq!(read_of(answer), Ok(Answer::Accept(accepted.to_owned())), "{answer}");
        }
        let refused = |reason: &str| Ok(Answer::Refuse(reason.into()));
        assert_eq!(read_of(r#"{"action":"refuse","reason":"no links"}"#), refused("no links"));
        assert_eq!(read_of(r#"{"action":"refuse"}"#), refused("the application has refused this"));
    }

    #[test]
    fn anything_else_is_no_answer() {
        for answer in [
            "",
            "ok",
            "null",
            "[]",
            "{}",
            r#"{"action":"Accept"}"#,
            r#"{"action":"accept"} {}"#,
            r#"{"action":"refuse","reason":7}"#,
            r#"{"action":"rewrite"}"#,
            r#"{"action":"rewrite","content":null}"#,
            r#"{"action":"rewrite","content":["h"]}"#,
            r#"{"action":"rewrite","content":"h\u0000"}"#,
            r#"{"action":"rewrite","content":"too long"}"#,
            r#"{"action":"rewrite","metadata":[]}"#,
        ] {
            assert!(read_of(answer).is_err(), "{answer}");
        }
        assert!(read(b"\xff", "hi", |_, _| Ok("hi")).is_err());
    }
}
