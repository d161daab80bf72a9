//! Under which name a request is in the log.

use actix_http::header::{HeaderName, HeaderValue};

/// The header in which a request brings its name, or is told it.
pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The name of a request, kept with it for those who write of it in the log.
#[derive(Clone, Debug)]
pub struct RequestName(pub String);

/// Bytes of an id that somebody else gave a request.
const ID_BYTES: usize = 64;

/// The name a request came with, or a new one.
pub fn request_id(given: Option<&HeaderValue>) -> String {
    let is_good = |id: &&str| {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-_.:".contains(&b);
        (1..=ID_BYTES).contains(&id.len()) && id.bytes().all(allowed)
    };
    let given = given.and_then(|id| id.to_str().ok()).filter(is_good);
    given.map_or_else(|| format!("{:016x}", rand::random::<u64>()), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_good_id_is_kept_and_any_other_is_replaced() {
        let id = |text: &'static str| request_id(Some(&HeaderValue::from_static(text)));
        assert_eq!(id("req-1:a.b_c"), "req-1:a.b_c");
        for bad in ["", "a b", "a\"b"] {
            assert_eq!(id(bad).len(), 16, "{bad}");
        }
        assert_ne!(request_id(None), request_id(None));
    }
}
