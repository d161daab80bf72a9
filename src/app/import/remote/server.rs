//! The server that is imported into: what it is asked, until it has answered.

use std::time::Duration;

use reqwest::{RequestBuilder, StatusCode, Url, header};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::super::super::Failure;
use crate::outbound;
use parlor_domain::limits::{
    ERROR_BYTES, IMPORT_AGAIN, IMPORT_REPORT_BYTES, IMPORT_TIMEOUT, IMPORT_TRIES,
};

pub(super) struct Server {
    /// Of its REST interface.
    base: Url,
    token: String,
    client: reqwest::Client,
}

/// Lines of a file, the first of them as in the file.
#[derive(Serialize)]
pub(super) struct Request<'a> {
    pub lines: &'a [Box<RawValue>],
    pub strict: bool,
    pub dry_run: bool,
}

#[derive(Deserialize)]
pub(super) struct Answer {
    pub counts: Vec<Count>,
    pub problems: Vec<Problem>,
    pub invalid: u64,
    pub stored: bool,
}

#[derive(Deserialize)]
pub(super) struct Count {
    #[serde(rename = "type")]
    pub kind: String,
    pub imported: u64,
    pub present: u64,
    pub left_out: u64,
}

#[derive(Deserialize)]
pub(super) struct Problem {
    /// In the request.
    pub line: u64,
    pub code: String,
    pub message: String,
}

/// What came of one request.
pub(super) enum Sent<T> {
    Answered(T),
    /// It may be made again, after a time that the server may have named.
    Again(String, Option<Duration>),
    Refused(Refused),
}

/// What the server says of why it refuses; of something else that answers, its beginning.
#[derive(Default)]
pub(super) struct Refused {
    pub status: StatusCode,
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
            message: String,
            field: Option<String>,
        }
        match serde_json::from_slice(body) {
            Ok(Body { error: Said { message, field } }) => Self { status, field, message },
            Err(_) => {
                let message = String::from_utf8_lossy(body).chars().take(SHOWN).collect();
                Self { status, field: None, message }
            }
        }
    }

    fn shown(&self) -> String {
        format!("was answered with {}: {}", self.status.as_u16(), self.message)
    }
}

impl Server {
    pub fn new(base: Url, token: String) -> Self {
        let server = Self { base, token, client: outbound::client(IMPORT_TIMEOUT) };
        Self { base: server.url("/api/v1"), ..server }
    }

    fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path().trim_end_matches('/')));
        url
    }

    pub async fn import(&self, request: &Request<'_>) -> Result<Answer, Failure> {
        let body = serde_json::to_vec(request).map_err(Failure::environment)?;
        let once = async || {
            let request =
                self.post(self.url("/import")).header(header::CONTENT_TYPE, "application/json");
            read(request.body(body.clone()), IMPORT_REPORT_BYTES).await
        };
        self.answer("/import", once).await
    }

    /// A request with a file that has this name.
    pub fn post_file(&self, path: &str, name: &str) -> RequestBuilder {
        let mut url = self.url(path);
        url.query_pairs_mut().append_pair("name", name);
        self.post(url)
    }

    fn post(&self, url: Url) -> RequestBuilder {
        self.client.post(url).bearer_auth(&self.token)
    }

    /// Asks until there is an answer, some times.
    pub async fn answer<T>(
        &self,
        path: &str,
        once: impl AsyncFn() -> Sent<T>,
    ) -> Result<T, Failure> {
        let (mut wait, mut tries) = (IMPORT_AGAIN, 1);
        let why = loop {
            match once().await {
                Sent::Answered(answer) => return Ok(answer),
                Sent::Again(why, after) if tries < IMPORT_TRIES => {
                    log::warn!("{}{path}: {why}; it is sent again", self.base);
                    let after = after.unwrap_or(wait).clamp(wait, IMPORT_TIMEOUT);
                    tokio::time::sleep(after).await;
                    (wait, tries) = (wait * 2, tries + 1);
                }
                Sent::Again(why, _) => break why,
                Sent::Refused(refused) => break refused.shown(),
            }
        };
        Err(Failure::environment(format!(
            "{}{path}: {why}; what was stored before stays, and the same command goes on from there",
            self.base
        )))
    }
}

/// Sends a request once, and reads an answer of at most so many bytes.
pub(super) async fn read<T: for<'de> Deserialize<'de>>(
    request: RequestBuilder,
    most: usize,
) -> Sent<T> {
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
        return serde_json::from_slice(&body).map_or_else(
            |_| {
                let message = "what answers there is not Parlor".to_owned();
                Sent::Refused(Refused { status, field: None, message })
            },
            Sent::Answered,
        );
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
