//! Asks the application over HTTP, within bounds.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use actix::ArbiterHandle;
use serde::{Serialize, de::DeserializeOwned};
use tokio::{sync::oneshot, time::timeout};

use super::breaker::{Breaker, Change};
use crate::{
    clock,
    log_throttle::LogThrottleByText,
    metrics::{CallbackOutcome, metrics},
    outbound,
    turns::{Shares, Turns},
    webhooks::Secrets,
};
use parlor_domain::{
    UserKey, display_name,
    limits::{
        CALLBACK_FAILURES, CALLBACK_QUEUE_TIMEOUT, CALLBACK_REASON_CHARS, CALLBACKS_AT_ONCE,
        CALLBACKS_EACH, CALLBACKS_WAITING, CALLBACKS_WAITING_EACH,
    },
};
use parlor_process::span;

/// Where the application is asked.
#[derive(Clone, Debug)]
pub struct CallbackConfig {
    pub url: Arc<str>,
    pub secrets: Secrets,
    /// How long it has for its answer.
    pub timeout: Duration,
}

/// What the application says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer<A, R = Arc<str>> {
    Accept(A),
    /// Why not, for the user.
    Refuse(R),
}

/// Why there is no answer. The cause has been logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoAnswer {
    /// It was asked, and did not answer, or nothing that can be used.
    Failed,
    /// It was not asked, because it has not answered of late.
    Open,
    /// It was not asked: too many questions are under way, in all or of this user.
    Overloaded,
}

/// One thing that the application is asked, at one URL: with places of its own, so
/// that it takes none of another's, and for each user only some of them.
#[derive(Clone)]
pub(super) struct Callback(Arc<Inner>);

struct Inner {
    /// What it is called in metrics, in the log, and as the type of its questions.
    name: &'static str,
    config: CallbackConfig,
    /// Bytes of an answer at most.
    answer_bytes: usize,
    client: reqwest::Client,
    turns: Turns<UserKey>,
    breaker: Mutex<Breaker>,
    /// Signing, TLS and reading answers take none of the ChatServer's time.
    thread: ArbiterHandle,
}

const SHARES: Shares = Shares {
    places: CALLBACKS_AT_ONCE,
    each: CALLBACKS_EACH,
    waiting: CALLBACKS_WAITING,
    waiting_each: CALLBACKS_WAITING_EACH,
    queue_timeout: CALLBACK_QUEUE_TIMEOUT,
};

impl Callback {
    pub fn new(
        name: &'static str,
        config: CallbackConfig,
        answer_bytes: usize,
        thread: ArbiterHandle,
    ) -> Self {
        let client = outbound::client(config.timeout);
        let (turns, breaker) = (Turns::new(SHARES), Mutex::default());
        Self(Arc::new(Inner { name, config, answer_bytes, client, turns, breaker, thread }))
    }

    /// Asks once on behalf of a user. `read` makes of the bytes of an answer what it
    /// says, or a sentence for the log of why it cannot be used.
    pub async fn ask<A: Send + 'static, R: Send + 'static>(
        &self,
        user: UserKey,
        data: &(impl Serialize + Sync),
        read: impl FnOnce(&[u8]) -> Result<Answer<A, R>, String> + Send + 'static,
    ) -> Result<Answer<A, R>, NoAnswer> {
        let body = question(self.0.name, data);
        let (told, answer) = oneshot::channel();
        let inner = self.0.clone();
        let span = span::current().and_then(|span| span.request(inner.name));
        self.0.thread.spawn(async move {
            let asking = inner.ask(user, body, read);
            let (outcome, result) = span::within(span.clone(), asking).await;
            if let Some(span) = span {
                span.set("parlor.outcome", outcome.as_str());
                if result.is_err() {
                    span.failed(outcome.as_str());
                }
            }
            metrics().callback(inner.name, outcome);
            // Who asked may have gone.
            let _ = told.send(result);
        });
        answer.await.unwrap_or(Err(NoAnswer::Failed))
    }
}

impl Inner {
    async fn ask<A, R>(
        &self,
        user: UserKey,
        body: String,
        read: impl FnOnce(&[u8]) -> Result<Answer<A, R>, String>,
    ) -> (CallbackOutcome, Result<Answer<A, R>, NoAnswer>) {
        if self.breaker().is_open(Instant::now()) {
            return (CallbackOutcome::Open, Err(NoAnswer::Open));
        }
        let Ok(_turn) = self.turns.enter(user).await else {
            return (CallbackOutcome::Overloaded, Err(NoAnswer::Overloaded));
        };
        let began = Instant::now();
        let Some(pass) = self.breaker().enter(began) else {
            return (CallbackOutcome::Open, Err(NoAnswer::Open));
        };
        let answer = timeout(self.config.timeout, self.exchange(body, read)).await;
        let answer = answer.unwrap_or_else(|_| Err("no answer in time".to_owned()));
        metrics().callback_took(self.name, began.elapsed());
        let change = self.breaker().ended(pass, answer.is_ok(), Instant::now());
        self.log(answer.as_ref().err(), change);
        match answer {
            Ok(answer @ Answer::Accept(_)) => (CallbackOutcome::Accepted, Ok(answer)),
            Ok(answer @ Answer::Refuse(_)) => (CallbackOutcome::Refused, Ok(answer)),
            Err(_) => (CallbackOutcome::Failed, Err(NoAnswer::Failed)),
        }
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn log(&self, error: Option<&String>, change: Option<Change>) {
        static FAILED: LogThrottleByText = LogThrottleByText::new();
        let name = self.name;
        if let Some(error) = error {
            let line = format!("{name}: the application was asked in vain: {error}");
            if let Some(times) = FAILED.again(&line) {
                log::warn!("{line}{times}");
            }
        }
        match change {
            Some(Change::Opened) => log::error!(
                "{name}: {CALLBACK_FAILURES} questions in a row have failed: the application is \
                 not asked for a while"
            ),
            Some(Change::Closed) => log::info!("{name}: the application answers again"),
            None => {}
        }
    }

    /// A redirect is an answer like any other that is not 200: it is not followed.
    async fn exchange<A, R>(
        &self,
        body: String,
        read: impl FnOnce(&[u8]) -> Result<Answer<A, R>, String>,
    ) -> Result<Answer<A, R>, String> {
        let id = format!("ask_{:032x}", rand::random::<u128>());
        let timestamp = clock::now().0 / 1000;
        let signature = self.config.secrets.sign(&id, timestamp, &body);
        let request = self
            .client
            .post(&*self.config.url)
            .header("content-type", "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", signature)
            .headers(outbound::trace_headers())
            .body(body);
        outbound::note_server(&self.config.url);
        let response = request.send().await.map_err(outbound::cause)?;
        outbound::note_answer(&response);
        if response.status() != reqwest::StatusCode::OK {
            return Err(format!("it answered {}", response.status()));
        }
        read(&outbound::body(response, self.answer_bytes).await?)
    }
}

/// The body of a question, in the form of a webhook.
fn question(kind: &str, data: &impl Serialize) -> String {
    #[derive(Serialize)]
    struct Question<'a, D> {
        r#type: &'a str,
        timestamp: String,
        data: D,
    }
    let question = Question { r#type: kind, timestamp: clock::now().to_rfc3339(), data };
    serde_json::to_string(&question).expect("texts and numbers are JSON")
}

/// Reads an answer. What it says instead is not repeated: it may be somebody's own.
pub(super) fn parse<A: DeserializeOwned>(bytes: &[u8]) -> Result<A, String> {
    serde_json::from_slice(bytes).map_err(|error| {
        let what = if error.is_data() { "what is expected" } else { "JSON" };
        format!("its answer is not {what} (line {}, column {})", error.line(), error.column())
    })
}

/// What a user is told where the application gives no reason.
pub const NO_REASON: &str = "the application has refused this";

/// A reason as it is shown: without what cannot be seen, and cut; `None` if nothing is
/// left of it.
pub(super) fn shown(reason: &str) -> Option<Arc<str>> {
    display_name(reason, CALLBACK_REASON_CHARS).map(Into::into)
}

/// The same, where there has to be one.
pub(super) fn reason(text: Option<&str>) -> Arc<str> {
    text.and_then(shown).unwrap_or_else(|| NO_REASON.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_shown_without_what_cannot_be_seen_and_cut() {
        assert_eq!(&*reason(Some(" no\u{202e} links\u{7} ")), "no links");
        let long = reason(Some(&"ä".repeat(1_000)));
        assert_eq!(long.chars().count(), CALLBACK_REASON_CHARS);
        for nothing in [None, Some(""), Some("\u{200b}\n")] {
            assert_eq!(&*reason(nothing), "the application has refused this");
        }
    }

    #[test]
    fn what_is_wrong_with_an_answer_is_told_without_repeating_it() {
        for (answer, what) in
            [("{\"a\": \"secret\"}", "expected"), ("secret", "JSON"), ("", "JSON")]
        {
            let error = parse::<[u8; 2]>(answer.as_bytes()).expect_err(answer);
            assert!(error.contains(what) && !error.contains("secret"), "{error}");
        }
    }
}
