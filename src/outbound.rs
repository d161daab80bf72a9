//! The one HTTP client for requests that the server itself makes, with limits.

use std::{error::Error, time::Duration};

use parlor_domain::limits::OUTBOUND_IDLE;

/// Says which implementation of TLS is used where a library asks for none.
pub fn install_tls() {
    // Fails only if one was installed before, which does as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// A client for requests that the server makes itself, each of which ends
/// within `timeout`. It follows no redirect: who configured an address meant
/// that one, and not where it may lead.
#[expect(clippy::disallowed_methods, reason = "the one client")]
pub fn client(timeout: Duration) -> reqwest::Client {
    install_tls();
    reqwest::Client::builder()
        .timeout(timeout)
        .connect_timeout(timeout)
        .pool_idle_timeout(OUTBOUND_IDLE)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("parlor/", env!("CARGO_PKG_VERSION")))
        .build()
        .expect("a client with a provider for TLS can be made")
}

/// The body of an answer, if it has at most so many bytes; or why not.
pub async fn body(mut response: reqwest::Response, most: usize) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(cause)? {
        if body.len() + chunk.len() > most {
            return Err(format!("it answered more than {most} bytes"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Why a request failed, without the address: there may be a password in it.
pub fn cause(error: reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let error = error.without_url();
    let mut cause: &dyn Error = &error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    match cause.to_string() {
        inner if inner == error.to_string() => inner,
        inner => format!("{error}: {inner}"),
    }
}
