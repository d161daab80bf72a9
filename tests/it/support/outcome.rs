//! The answer to a REST request.

use reqwest::header::HeaderMap;
use serde_json::Value;

#[derive(Debug)]
pub struct Outcome {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

impl Outcome {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("headers are ASCII"))
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("a JSON body: {self:?}"))
    }

    /// The body of an answer with this status; null if it has none.
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        if self.body.is_empty() { Value::Null } else { self.json() }
    }

    /// That an answer has this status and this text.
    pub fn expect_text(&self, status: u16, text: &str) {
        assert_eq!((self.status, self.body.as_str()), (status, text), "{self:?}");
    }

    /// The error of an answer with this status and code, in the one form.
    pub fn refused(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        assert!(self.header("content-type").starts_with("application/json"), "{self:?}");
        let error = self.json()["error"].clone();
        assert_eq!(error["code"], code, "{self:?}");
        let message = error["message"].as_str().unwrap_or_default();
        assert!(!message.is_empty(), "a message for a person: {self:?}");
        error
    }
}
