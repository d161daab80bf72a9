//! The server that is looked at, and what it answers, whatever it is.

use std::time::{Duration, Instant};

use reqwest::{
    Client, Method, RequestBuilder, Response, Url,
    header::{HeaderMap, HeaderName},
    tls::TlsInfo,
};
use serde_json::Value;

use crate::{auth::parse_origin, outbound};
use parlor_domain::limits::{LOOK_BYTES, LOOK_TIMEOUT};

pub(super) struct Target {
    client: Client,
    /// Without a slash at its end.
    base: String,
    pub url: Url,
    /// One whose pages are to use the server.
    pub origin: Option<String>,
    pub token: Option<String>,
}

/// An answer, of which no more is read than is needed.
pub(super) struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    pub took: Duration,
    /// What the server has shown for itself, in DER.
    pub certificate: Option<Vec<u8>>,
}

impl Target {
    /// # Errors
    /// What is wrong with the options, in one line.
    pub fn new(url: &str, origin: Option<&str>, token: Option<String>) -> Result<Self, String> {
        let bad = || {
            "URL: it must be the http or https address of a server, such as \
             https://example.org/chat, without a user, a query or a fragment"
                .to_owned()
        };
        let parsed = outbound::bare_url(url).ok_or_else(bad)?;
        let origin = origin.map(|origin| {
            parse_origin(origin)
                .ok_or("--origin: it must be an origin such as https://app.example.org".to_owned())
        });
        Ok(Self {
            client: outbound::looking_client(LOOK_TIMEOUT),
            base: parsed.as_str().trim_end_matches('/').to_owned(),
            url: parsed,
            origin: origin.transpose()?,
            token: token.filter(|token| !token.is_empty()),
        })
    }

    /// A request for a path below the address.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base))
    }

    /// One for another address.
    pub fn elsewhere(&self, url: Url) -> RequestBuilder {
        self.client.get(url)
    }

    /// The origin of the server's own page.
    pub fn own_origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// # Errors
    /// Why there is no answer, in one line.
    pub async fn get(&self, path: &str) -> Result<Answer, String> {
        answer(self.request(Method::GET, path)).await
    }
}

/// # Errors
/// Why there is none.
pub(super) async fn answer(request: RequestBuilder) -> Result<Answer, String> {
    let asked = Instant::now();
    let response = request.send().await.map_err(outbound::cause)?;
    read(response, asked.elapsed()).await
}

/// Reads what has come `took` after it was asked for.
///
/// # Errors
/// Why it cannot be read.
pub(super) async fn read(response: Response, took: Duration) -> Result<Answer, String> {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let tls = response.extensions().get::<TlsInfo>();
    let certificate = tls.and_then(TlsInfo::peer_certificate).map(<[u8]>::to_vec);
    let body = outbound::body(response, LOOK_BYTES).await?;
    Ok(Answer { status, headers, body, took, certificate })
}

impl Answer {
    pub fn header(&self, name: HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The code of an error of Parlor's own; what lies in between has none.
    pub fn error_code(&self) -> Option<String> {
        let json = self.json()?;
        json["error"]["code"].as_str().map(str::to_owned)
    }

    /// The status, and what the answer is.
    pub fn shown(&self) -> String {
        let kind = self.header(reqwest::header::CONTENT_TYPE).unwrap_or("no type");
        let by = self.header(reqwest::header::SERVER);
        let by = by.map_or(String::new(), |by| format!(", by {by}"));
        format!("{} ({kind}{by})", self.status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_that_clients_have() {
        for (url, base) in [
            ("http://localhost:8080", "http://localhost:8080"),
            ("https://example.org/chat/", "https://example.org/chat"),
        ] {
            assert_eq!(Target::new(url, None, None).expect(url).base, base);
        }
        for bad in
            ["example.org", "ftp://x", "http://a:b@x", "http://x/?a", "http://x/#a", "ws://x"]
        {
            assert!(Target::new(bad, None, None).is_err(), "{bad}");
        }
        assert!(Target::new("http://x", Some("app.example.org"), None).is_err());
    }
}
