//! `parlor import --url`: sends the lines to a server that runs, some at a time.

use std::{path::Path, time::Duration};

use reqwest::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::runtime::Runtime;

use super::{
    super::{Failure, progress::Progress, runtime},
    header,
    lines::{Lines, Text},
    open,
    report::Report,
    unread,
};
use crate::{
    cli::{IMPORT_TOKEN, import_token},
    db::Tally,
    outbound,
};
use parlor_domain::limits::{
    ERROR_BYTES, IMPORT_AGAIN, IMPORT_CHUNK_LINES, IMPORT_CHUNK_OTHERS, IMPORT_REPORT_BYTES,
    IMPORT_SENT_BYTES, IMPORT_TIMEOUT, IMPORT_TRIES,
};

/// The path of the call, behind where the server is.
const PATH: &str = "/api/v1/import";

#[derive(Serialize)]
struct Request<'a> {
    lines: &'a [Box<RawValue>],
    strict: bool,
}

#[derive(Deserialize)]
struct Answer {
    counts: Vec<Count>,
    problems: Vec<Problem>,
    invalid: u64,
    stored: bool,
}

#[derive(Deserialize)]
struct Count {
    #[serde(rename = "type")]
    kind: String,
    imported: u64,
    present: u64,
    left_out: u64,
}

#[derive(Deserialize)]
struct Problem {
    /// In the request.
    line: u64,
    code: String,
    message: String,
}

/// Sends a file. What is interrupted goes on when it is run again, because the server
/// takes nothing twice.
pub(super) fn import(file: &Path, url: &str, is_strict: bool) -> Result<(), Failure> {
    let token = import_token()
        .ok_or_else(|| Failure::value(format!("{IMPORT_TOKEN} must hold a token for --url")))?;
    let url = outbound::bare_url(url).ok_or_else(|| {
        let what = "--url must be the http or https address of a server, such as \
                    https://example.org/chat, without a user, a query or a fragment";
        Failure::value(what)
    })?;
    let url = format!("{}{PATH}", url.as_str().trim_end_matches('/'));
    let unread = |error| unread(file, error);
    let (from, bytes) = open(file).map_err(unread)?;
    let mut lines = Lines::new(from);
    let (_, first) = header(lines.next().map_err(unread)?)?;
    let mut import = Import {
        url,
        token,
        client: outbound::client(IMPORT_TIMEOUT),
        runtime: runtime()?,
        is_strict,
        chunk: Chunk::new(&first)?,
        report: Report::default(),
        progress: Progress::new(bytes),
    };
    while let Some(text) = lines.next().map_err(unread)? {
        import.take(lines.number, text)?;
        import.progress.at(lines.bytes, lines.number);
    }
    import.send()?;
    import.progress.clear();
    import.report.end(false)
}

/// Lines that are sent together: the file's first one, and some others.
struct Chunk {
    lines: Vec<Box<RawValue>>,
    /// Of all but the first one.
    numbers: Vec<u64>,
    /// How many of them are no messages.
    others: usize,
    bytes: usize,
}

impl Chunk {
    fn new(header: &str) -> Result<Self, Failure> {
        let header = RawValue::from_string(header.trim().to_owned());
        let header = header.map_err(Failure::environment)?;
        Ok(Self { lines: vec![header], numbers: Vec::new(), others: 0, bytes: 0 })
    }

    fn is_full(&self) -> bool {
        self.lines.len() >= IMPORT_CHUNK_LINES
            || self.others >= IMPORT_CHUNK_OTHERS
            || self.bytes >= IMPORT_SENT_BYTES
    }

    fn clear(&mut self) {
        self.lines.truncate(1);
        self.numbers.clear();
        (self.others, self.bytes) = (0, 0);
    }
}

struct Import {
    url: String,
    token: String,
    client: reqwest::Client,
    runtime: Runtime,
    is_strict: bool,
    chunk: Chunk,
    report: Report,
    progress: Progress,
}

/// What came of one request.
enum Sent {
    Answered(Answer),
    /// It may be made again, after a time that the server may have named.
    Again(String, Option<Duration>),
    Refused(String),
}

impl Import {
    fn take(&mut self, number: u64, text: Text) -> Result<(), Failure> {
        let text = match text {
            Ok(text) => text,
            Err(what) => return self.refuse(number, "invalid_line", &format!("the line {what}")),
        };
        match sound(text.trim()) {
            Ok((line, is_message)) => {
                self.chunk.bytes += line.get().len();
                self.chunk.others += usize::from(!is_message);
                self.chunk.lines.push(line);
                self.chunk.numbers.push(number);
            }
            Err(error) => {
                let what = format!("a line must be JSON: {error}");
                return self.refuse(number, "invalid_message", &what);
            }
        }
        if self.chunk.is_full() { self.send() } else { Ok(()) }
    }

    fn refuse(&mut self, number: u64, code: &str, what: &str) -> Result<(), Failure> {
        self.progress.clear();
        self.report.refuse(number, code, what)?;
        self.go_on()
    }

    /// Sends what there is, until the server has taken it.
    fn send(&mut self) -> Result<(), Failure> {
        if self.chunk.numbers.is_empty() {
            return Ok(());
        }
        let body = Request { lines: &self.chunk.lines, strict: self.is_strict };
        let body = serde_json::to_vec(&body).map_err(Failure::environment)?;
        let answer = self.runtime.block_on(self.sent(body))?;
        let told: Vec<_> = answer.problems.into_iter().map(|one| self.located(one)).collect();
        if !told.is_empty() {
            self.progress.clear();
        }
        let counts = answer.counts.into_iter().map(|count| {
            let Count { kind, imported, present, left_out } = count;
            (kind, Tally { imported, present, left_out })
        });
        self.report.add_told(counts, answer.invalid, &told)?;
        self.chunk.clear();
        match answer.stored {
            true => self.go_on(),
            false => Err(stopped()),
        }
    }

    /// A problem with the number that its line has in the file.
    fn located(&self, Problem { line, code, message }: Problem) -> (u64, String, String) {
        let place = usize::try_from(line).ok().and_then(|line| line.checked_sub(2));
        let number = place.and_then(|place| self.chunk.numbers.get(place)).copied();
        (number.unwrap_or(line), code, message)
    }

    async fn sent(&self, body: Vec<u8>) -> Result<Answer, Failure> {
        let (mut wait, mut tries) = (IMPORT_AGAIN, 1);
        loop {
            match self.post(body.clone()).await {
                Sent::Answered(answer) => return Ok(answer),
                Sent::Again(why, after) if tries < IMPORT_TRIES => {
                    log::warn!("{}: {why}; it is sent again", self.url);
                    let after = after.unwrap_or(wait).clamp(wait, IMPORT_TIMEOUT);
                    tokio::time::sleep(after).await;
                    (wait, tries) = (wait * 2, tries + 1);
                }
                Sent::Again(why, _) | Sent::Refused(why) => {
                    return Err(Failure::environment(format!(
                        "{}: {why}; what was stored before stays, and the same command goes on \
                         from there",
                        self.url
                    )));
                }
            }
        }
    }

    async fn post(&self, body: Vec<u8>) -> Sent {
        let request = self.client.post(&self.url).bearer_auth(&self.token);
        let request = request.header(reqwest::header::CONTENT_TYPE, "application/json");
        let answer = match request.body(body).send().await {
            Ok(answer) => answer,
            Err(error) => return Sent::Again(outbound::cause(error), None),
        };
        let status = answer.status();
        let after = answer.headers().get(reqwest::header::RETRY_AFTER);
        let after = after.and_then(|after| after.to_str().ok()?.parse().ok());
        let after = after.map(Duration::from_secs);
        if status == StatusCode::OK {
            let body = outbound::body(answer, IMPORT_REPORT_BYTES).await;
            let report = body.map(|body| serde_json::from_slice(&body));
            return match report {
                Ok(Ok(answer)) => Sent::Answered(answer),
                Ok(Err(_)) => Sent::Refused("what answers there is not Parlor".to_owned()),
                Err(why) => Sent::Again(why, None),
            };
        }
        let text = match outbound::body(answer, ERROR_BYTES).await {
            Ok(body) => refusal(&String::from_utf8_lossy(&body)),
            Err(why) => why,
        };
        let why = format!("was answered with {}: {text}", status.as_u16());
        match status {
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => Sent::Again(why, after),
            status if status.is_server_error() => Sent::Again(why, after),
            _ => Sent::Refused(why),
        }
    }

    /// Unless something was left out, and nothing may be.
    fn go_on(&self) -> Result<(), Failure> {
        match self.is_strict && self.report.has_problems() {
            false => Ok(()),
            true => Err(stopped()),
        }
    }
}

/// A line that the server can read in the request, as deep as it is there, and whether
/// it is a message. One that it cannot would have all others refused.
fn sound(text: &str) -> Result<(Box<RawValue>, bool), serde_json::Error> {
    let inside = serde_json::from_str::<serde_json::Value>(&format!("[[{text}]]"))?;
    let is_message = inside[0][0]["type"] == "message";
    Ok((RawValue::from_string(text.to_owned())?, is_message))
}

fn stopped() -> Failure {
    Failure::environment(
        "stopped at a line that cannot be imported whole: what was stored before it stays, and is \
         not stored twice when the file is imported again",
    )
}

/// What the server says of why it refuses; of something else that answers, its beginning.
fn refusal(body: &str) -> String {
    const SHOWN: usize = 200;
    let message = || {
        let body = serde_json::from_str::<serde_json::Value>(body).ok()?;
        Some(body["error"]["message"].as_str()?.to_owned())
    };
    message().unwrap_or_else(|| body.chars().take(SHOWN).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_the_server_could_not_read_is_found_before_it_is_sent() {
        let is_message = |text: &str| sound(text).map(|(_, is_message)| is_message).ok();
        assert_eq!(is_message(r#"{"type":"message","content":"\ud83d\ude00"}"#), Some(true));
        assert_eq!(is_message(r#"{"type":"user"}"#), Some(false));
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(126), "]".repeat(126));
        for bad in [r#"{"type":"message","content":"\ud83d"}"#, r#"{"a":1e999}"#, &deep, "", "1,2]"]
        {
            assert_eq!(is_message(bad), None, "{bad}");
        }
    }
}
