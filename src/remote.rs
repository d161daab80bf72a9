//! A server of Parlor's that is asked over its REST interface until it has answered: by a
//! command one that runs somewhere, by what speaks for users in a server this very one.

mod within;

use std::time::{Duration, Instant};

use reqwest::{Method, RequestBuilder, StatusCode, Url, header};
use serde::Deserialize;

pub use self::within::{Caller, Within};
use crate::outbound;
use parlor_domain::limits::{ERROR_BYTES, REMOTE_AGAIN, REMOTE_PATIENCE};

pub struct Server {
    /// Of its REST interface.
    base: Url,
    token: String,
    client: reqwest::Client,
    /// This very server, and who asks it; `None`: it is asked over the network.
    within: Option<(Within, Caller)>,
    effort: Effort,
}

/// What a command does to get an answer.
#[derive(Clone, Copy)]
pub struct Effort {
    /// For one request.
    pub timeout: Duration,
    /// How often it is made.
    pub tries: u32,
    /// After which it is not made again.
    pub patience: Duration,
}

/// What came of one request.
pub enum Sent<T> {
    Answered(T),
    /// It may be made again, after a time that the server may have named.
    Again(String, Option<Duration>),
    Refused(Refused),
}

/// Why there is no answer.
pub enum Failed {
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
pub struct Refused {
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
    /// The one at an address, without anything behind its path.
    pub fn at(mut base: Url, token: String, effort: Effort) -> Self {
        add(&mut base, &["api", "v1"]);
        Self { base, token, client: outbound::client(effort.timeout), within: None, effort }
    }

    /// This very server, for somebody who asks something of it over another request.
    pub fn within(within: Within, caller: Caller, token: String, effort: Effort) -> Self {
        let (base, client) = (within.base().clone(), within.client().clone());
        Self { base, token, client, within: Some((within, caller)), effort }
    }

    /// Whether it is asked without a connection, so that there is no socket either.
    pub fn is_within(&self) -> bool {
        self.within.is_some()
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

/// What came back.
struct Answer {
    status: StatusCode,
    /// What `Retry-After` says.
    after: Option<Duration>,
    /// Or why it could not be read.
    body: Result<Vec<u8>, String>,
}

impl Answer {
    fn after(value: Option<&[u8]>) -> Option<Duration> {
        let seconds = std::str::from_utf8(value?).ok()?.parse().ok()?;
        Some(Duration::from_secs(seconds))
    }
}

/// Sends a request over the network.
async fn ask(request: RequestBuilder, most: usize) -> Result<Answer, String> {
    let answer = request.send().await.map_err(outbound::cause)?;
    let status = answer.status();
    let after = answer.headers().get(header::RETRY_AFTER);
    let after = Answer::after(after.map(|after| after.as_bytes()));
    let most = if status.is_success() { most } else { ERROR_BYTES };
    Ok(Answer { status, after, body: outbound::body(answer, most).await })
}

impl Server {
    /// Sends a request once, and reads an answer of at most so many bytes.
    pub async fn read(&self, request: RequestBuilder, most: usize) -> Sent<Vec<u8>> {
        let answer = match &self.within {
            None => ask(request, most).await,
            Some((within, caller)) => {
                within.ask(request, caller.clone(), most, self.effort.timeout).await
            }
        };
        match answer {
            Ok(Answer { status, after, body: Ok(body) }) => judged(status, after, body),
            Ok(Answer { after, body: Err(why), .. }) => Sent::Again(why, after),
            Err(why) => Sent::Again(why, None),
        }
    }

    /// The same of an answer that is JSON.
    pub async fn read_json<T: for<'de> Deserialize<'de>>(
        &self,
        request: RequestBuilder,
        most: usize,
    ) -> Sent<T> {
        match self.read(request, most).await {
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
}

fn judged(status: StatusCode, after: Option<Duration>, body: Vec<u8>) -> Sent<Vec<u8>> {
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
