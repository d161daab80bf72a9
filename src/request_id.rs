//! Request ids, and how much of a request is written to the log.

use actix_http::header::{HeaderName, HeaderValue};

use parlor_domain::limits::LOGGED_BYTES;

/// The header with the request's id, in requests and responses.
pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The id of a request, kept with it for logging.
#[derive(Clone, Debug)]
pub struct RequestName(pub String);

/// Largest accepted id, in bytes.
const ID_BYTES: usize = 64;

/// The id that a request came with, or a new one.
pub fn request_id(given: Option<&HeaderValue>) -> String {
    let is_valid = |id: &&str| {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-_.:".contains(&b);
        (1..=ID_BYTES).contains(&id.len()) && id.bytes().all(allowed)
    };
    let given = given.and_then(|id| id.to_str().ok()).filter(is_valid);
    given.map_or_else(|| format!("{:016x}", rand::random::<u64>()), str::to_owned)
}

/// The part of a path or a method that is logged: clients must not cause long
/// lines.
pub fn logged(text: &str) -> &str {
    let end = LOGGED_BYTES.min(text.len());
    let end = (0..=end).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_valid_id_is_kept_and_any_other_is_replaced() {
        let id = |text: &'static str| request_id(Some(&HeaderValue::from_static(text)));
        assert_eq!(id("req-1:a.b_c"), "req-1:a.b_c");
        for bad in ["", "a b", "a\"b"] {
            assert_eq!(id(bad).len(), 16, "{bad}");
        }
        assert_ne!(request_id(None), request_id(None));
    }

    #[test]
    fn what_is_long_is_cut_between_characters() {
        assert_eq!(logged("/api/v1/me"), "/api/v1/me");
        assert_eq!(logged(&"a".repeat(10_000)).len(), LOGGED_BYTES);
        let text = format!("a{}", "é".repeat(LOGGED_BYTES));
        assert_eq!(logged(&text).len(), LOGGED_BYTES - 1);
    }
}
