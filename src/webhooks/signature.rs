//! Signatures according to Standard Webhooks, so that its libraries can verify
//! them (<https://github.com/standard-webhooks/standard-webhooks>).

use std::{fmt, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::hmac;

/// Bytes of a secret at least (the specification's "24 to 64").
const BYTES_MIN: usize = 24;

/// The secrets that everything is signed with: with more than one, receivers
/// can change over from one to the next.
#[derive(Clone)]
pub struct Secrets(Arc<[Vec<u8>]>);

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(…)")
    }
}

impl Secrets {
    /// Each is a text, or `whsec_` and base64. `None` if there is none, or
    /// one is too short.
    pub fn new(texts: &[String]) -> Option<Self> {
        let secret = |text: &&str| match text.strip_prefix("whsec_") {
            Some(encoded) => STANDARD.decode(encoded).ok(),
            None => Some(text.as_bytes().to_vec()),
        };
        let texts: Vec<&str> =
            texts.iter().map(|text| text.trim()).filter(|text| !text.is_empty()).collect();
        let secrets: Option<Vec<Vec<u8>>> = texts.iter().map(secret).collect();
        let are_long_enough = |secrets: &Vec<Vec<u8>>| {
            !secrets.is_empty() && secrets.iter().all(|secret| secret.len() >= BYTES_MIN)
        };
        secrets.filter(are_long_enough).map(|secrets| Self(secrets.into()))
    }

    /// The `webhook-signature` of a message.
    pub fn sign(&self, id: &str, timestamp: i64, body: &str) -> String {
        let signature = |secret: &Vec<u8>| {
            let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
            let signature = hmac::sign(&key, format!("{id}.{timestamp}.{body}").as_bytes());
            format!("v1,{}", STANDARD.encode(signature))
        };
        self.0.iter().map(signature).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_specifications_example_is_signed_as_it_says() {
        let secrets = Secrets::new(&["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned()]);
        let signed = secrets.expect("a good secret").sign(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            r#"{"test": 2432232314}"#,
        );
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    /// What the SDKs and the examples for other languages take for signed, is.
    #[test]
    fn the_vectors_of_receivers_are_signed_as_here() {
        let vectors = include_str!("../../tests/vectors/webhooks.json");
        let cases: Vec<serde_json::Value> = serde_json::from_str(vectors).expect("JSON");
        let mut signed = 0;
        for case in cases.iter().filter(|case| case["fits"] == true) {
            let text = |name: &str| case[name].as_str().expect("a text");
            let secrets = Secrets::new(&[text("secret").to_owned()]).expect("a good secret");
            let at = case["timestamp"].as_i64().expect("a number");
            let ours = secrets.sign(text("id"), at, text("body"));
            assert!(text("signature").split(' ').any(|one| one == ours), "{case}");
            signed += 1;
        }
        assert!(signed > 3, "{signed}");
    }

    #[test]
    fn secrets_are_long_enough_and_may_be_several() {
        assert!(Secrets::new(&["short".to_owned()]).is_none());
        assert!(Secrets::new(&[String::new()]).is_none());
        let two = Secrets::new(&["a".repeat(24), "b".repeat(24)]).expect("good");
        assert_eq!(two.sign("x", 1, "{}").split(' ').count(), 2);
        assert_eq!(format!("{two:?}"), "Secrets(…)");
    }
}
