//! The questions to the REST interface that several tools ask.

use reqwest::{Method, Url};
use serde::Deserialize;
use serde_json::Value;

use crate::remote::{Failed, Server};
use parlor_domain::limits::ASSISTANT_ANSWER_BYTES;

impl Server {
    pub async fn get<T: for<'de> Deserialize<'de>>(&self, url: Url) -> Result<T, Failed> {
        let once =
            || self.read_json(self.request(Method::GET, url.clone()), ASSISTANT_ANSWER_BYTES);
        self.answer(once).await
    }

    /// Sends what is there once, however often it is sent with a key.
    pub async fn post_once<T: for<'de> Deserialize<'de>>(
        &self,
        url: Url,
        body: &Value,
        key: &str,
    ) -> Result<T, Failed> {
        let once = || {
            let request = self.request(Method::POST, url.clone()).json(body);
            self.read_json(request.header("Idempotency-Key", key), ASSISTANT_ANSWER_BYTES)
        };
        self.answer(once).await
    }

    /// Puts something there or takes it away, which may be done again.
    pub async fn change(
        &self,
        method: Method,
        url: Url,
        body: Option<&Value>,
    ) -> Result<(), Failed> {
        let once = || {
            let request = self.request(method.clone(), url.clone());
            let request = match body {
                Some(body) => request.json(body),
                None => request,
            };
            self.read(request, ASSISTANT_ANSWER_BYTES)
        };
        self.answer(once).await.map(drop)
    }

    /// Where its sockets are.
    pub fn socket_url(&self) -> Url {
        let mut url = self.url(&[]);
        if let Ok(mut parts) = url.path_segments_mut() {
            parts.pop().pop().push("ws");
        }
        url
    }
}

/// An id or an emoji as a part of a path, which what is none would change.
pub(super) fn part(text: &str) -> Result<&str, String> {
    let is_bad = text.chars().all(|char| char == '.') || text.chars().any(char::is_control);
    match is_bad {
        true => Err(format!("invalid_arguments: {text:?} is no id")),
        false => Ok(text),
    }
}

/// With what of a query is given.
pub(super) fn with_query(mut url: Url, query: &[(&str, Option<String>)]) -> Url {
    let given = query.iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
    url.query_pairs_mut().extend_pairs(given);
    url
}
