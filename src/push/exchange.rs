//! A request to a push service, and its answer.

use reqwest::{Client, StatusCode, header::RETRY_AFTER};

use crate::outbound;
use parlor_domain::{Timestamp, limits::PUSH_ANSWER_BYTES};
use parlor_push::{Answer, Request};

/// What came.
pub(super) struct Answered {
    status: StatusCode,
    retry_after: Option<String>,
    body: Vec<u8>,
}

impl Answered {
    pub fn at(&self, at: Timestamp) -> Answer<'_> {
        let Self { status, retry_after, body } = self;
        Answer { status: status.as_u16(), retry_after: retry_after.as_deref(), body, at }
    }
}

/// Asks within the time that the client has. The error is why there is no answer, without
/// the address: in those of browsers is what lets anybody tell them something.
pub(super) async fn exchange(client: &Client, request: Request) -> Result<Answered, String> {
    let Request { url, headers, body } = request;
    outbound::note_server(&url);
    let mut asking = client.post(url).body(body);
    for (name, value) in headers {
        asking = asking.header(name, value);
    }
    let response = asking.send().await.map_err(outbound::cause)?;
    outbound::note_answer(&response);
    let status = response.status();
    let retry_after = response.headers().get(RETRY_AFTER);
    let retry_after = retry_after.and_then(|value| value.to_str().ok()).map(str::to_owned);
    // What was done is in the status; a body that does not come says no more.
    let body = outbound::body(response, PUSH_ANSWER_BYTES).await.unwrap_or_default();
    Ok(Answered { status, retry_after, body })
}
