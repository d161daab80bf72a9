//! A server that runs somewhere, and is asked by a command until it has answered.

use std::time::{Duration, Instant};

use reqwest::{Method, RequestBuilder, StatusCode, Url, header};
use serde::Deserialize;

use super::Failure;
use crate::{cli::token_from, outbound};
use parlor_domain::limits::{ERROR_BYTES, REMOTE_AGAIN, REMOTE_PATIENCE};

pub(super) struct Server {
    /// Of its REST interface.
    base: Url,
    token: String,
    client: reqwest::Client,
    effort: Effort,
}

/// What a command does to get an answer.
#[derive(Clone, Copy)]
pub(super) struct Effort {
    /// For one request.
    pub timeout: Duration,
    /// How often it is made.
    pub tries: u32,
    /// After which it is not made again.
    pub patience: Duration,
}

/// What came of one request.
pub(super) enum Sent<T> {
    Answered(T),
    /// It may be made again, after a time that the server may have named.
    Again(String, Option<Duration>),
    Refused(Refused),
}

/// Why there is no answer.
pub(super) enum Failed {
    /// It could not be asked, or could not answer, as often as it was tried.
    Away(String),
    Refused(Refused),
}

impl Failed {
    pub fn shown(&self) -> String {
        match self {
            Self::Away(why) => why.clone(),
            Self::Refused(refused) => refused.shown(),
        }
    }
}

/// What the server says of why it refuses; of something else that answers, its beginning.
#[derive(Default)]
pub(super) struct Refused {
    pub status: StatusCode,
    pub code: Option<String>,
    /// Of the request, where that is what is wrong.
    pub field: Option<String>,
    pub message: String,
}

impl Refused {
    fn of(status: StatusCode, body: &[u8]) -> Self {
        const SHOWN: usize = 200;
        #[derive(Deserialize)]
        struct Body {
            error: Said,
        }
        #[derive(Deserialize)]
        struct Said {
            code: String,
            message: String,
            field: Option<String>,
        }
        match serde_json::from_slice(body) {
            Ok(Body { error: Said { code, message, field } }) => {
                Self { status, code: Some(code), field, message }
            }
            Err(_) => {
                let message = String::from_utf8_lossy(body).chars().take(SHOWN).collect();
                Self { status, message, ..Self::default() }
            }
        }
    }

    fn shown(&self) -> String {
        format!("was answered with {}: {}", self.status.as_u16(), self.message)
    }
}

impl Server {
    /// The one that `--url` names, with the token that a variable holds.
    pub fn named(url: &str, variable: &str, effort: Effort) -> Result<Self, Failure> {
        let token = token_from(variable)
            .ok_or_else(|| Failure::value(format!("{variable} must hold a token for --url")))?;
        let mut base = outbound::bare_url(url).ok_or_else(|| {
            let what = "--url must be the http or https address of a server, such as \
                        https://example.org/chat, without a user, a query or a fragment";
            Failure::value(what)
        })?;
        add(&mut base, &["api", "v1"]);
        Ok(Self { base, token, client: outbound::client(effort.timeout), effort })
    }

    /// The URL of a resource, by the parts of its path.
    pub fn url(&self, path: &[&str]) -> Url {
        let mut url = self.base.clone();
        add(&mut url, path);
        url
    }

    pub fn request(&self, method: Method, url: Url) -> RequestBuilder {
        self.client.request(method, url).bearer_auth(&self.token)
    }

    /// Asks until there is an answer, some times.
    pub async fn answer<T, F>(&self, once: impl Fn() -> F) -> Result<T, Failed>
    where
        F: Future<Output = Sent<T>>,
    {
        let (mut wait, mut tries) = (REMOTE_AGAIN, 1);
        let began = Instant::now();
        loop {
            match once().await {
                Sent::Answered(answer) => return Ok(answer),
                Sent::Again(why, after) => {
                    let after = after.unwrap_or(wait).clamp(wait, REMOTE_PATIENCE);
                    if tries >= self.effort.tries || began.elapsed() + after > self.effort.patience
                    {
                        return Err(Failed::Away(why));
                    }
                    log::warn!("{}: {why}; it is asked again", self.base);
                    tokio::time::sleep(after).await;
                    (wait, tries) = (wait * 2, tries + 1);
                }
                Sent::Refused(refused) => return Err(Failed::Refused(refused)),
            }
        }
    }
}

fn add(url: &mut Url, path: &[&str]) {
    // Without an authority there is no path to add to; `outbound::bare_url` refuses that.
    if let Ok(mut parts) = url.path_segments_mut() {
        parts.pop_if_empty().extend(path);
    }
}

/// Sends a request once, and reads an answer of at most so many bytes.
pub(super) async fn read(request: RequestBuilder, most: usize) -> Sent<Vec<u8>> {
    let answer = match request.send().await {
        Ok(answer) => answer,
        Err(error) => return Sent::Again(outbound::cause(error), None),
    };
    let status = answer.status();
    let after = answer.headers().get(header::RETRY_AFTER);
    let after = after.and_then(|after| after.to_str().ok()?.parse().ok());
    let after = after.map(Duration::from_secs);
    let most = if status.is_success() { most } else { ERROR_BYTES };
    let body = match outbound::body(answer, most).await {
        Ok(body) => body,
        Err(why) => return Sent::Again(why, after),
    };
    if status.is_success() {
        return Sent::Answered(body);
    }
    let refused = Refused::of(status, &body);
    match status {
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => {
            Sent::Again(refused.shown(), after)
        }
        status if status.is_server_error() => Sent::Again(refused.shown(), after),
        _ => Sent::Refused(refused),
    }
}

/// The same of an answer that is JSON.
pub(super) async fn read_json<T: for<'de> Deserialize<'de>>(
    request: RequestBuilder,
    most: usize,
) -> Sent<T> {
    match read(request, most).await {
        Sent::Answered(body) => serde_json::from_slice(&body).map_or_else(
            |_| {
                let message = "what answers there is not Parlor".to_owned();
                Sent::Refused(Refused { message, ..Refused::default() })
            },
            Sent::Answered,
        ),
        Sent::Again(why, after) => Sent::Again(why, after),
        Sent::Refused(refused) => Sent::Refused(refused),
    }
}
