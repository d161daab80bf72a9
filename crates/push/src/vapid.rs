//! By which browsers' push services know us: a key, and tokens that are signed with it
//! (VAPID, RFC 8292).

use std::{collections::HashMap, fmt, sync::Arc};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;
use url::Url;

use super::{
    jwt::{BadKey, EcKey},
    kept::Kept,
};
use parlor_domain::{
    Timestamp,
    limits::{VAPID_KEPT, VAPID_TTL, VAPID_USED},
};

/// The key of a deployment. Subscriptions are made for it, and end with it.
pub struct VapidKeys {
    key: EcKey,
    public: Arc<str>,
}

impl fmt::Debug for VapidKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VapidKeys({})", self.public)
    }
}

impl VapidKeys {
    /// A new one, as PKCS#8: a secret.
    pub fn generate() -> Vec<u8> {
        EcKey::generate()
    }

    /// Reads what [`generate`](Self::generate) has made.
    ///
    /// # Errors
    /// If it is no key.
    pub fn read(pkcs8: &[u8]) -> Result<Self, BadKey> {
        let key = EcKey::from_der(pkcs8)?;
        let public = URL_SAFE_NO_PAD.encode(key.public()).into();
        Ok(Self { key, public })
    }

    /// The uncompressed point in base64url: the `applicationServerKey` of a browser.
    pub fn public_key(&self) -> &Arc<str> {
        &self.public
    }
}

/// Signs for push services, and keeps what it has signed: a token counts for one origin.
pub struct Vapid {
    keys: VapidKeys,
    /// `mailto:` or `https:`, where a push service reaches the operator.
    contact: Arc<str>,
    kept: HashMap<String, Kept<Arc<str>>>,
}

impl Vapid {
    pub fn new(keys: VapidKeys, contact: Arc<str>) -> Self {
        Self { keys, contact, kept: HashMap::new() }
    }

    pub fn public_key(&self) -> &Arc<str> {
        self.keys.public_key()
    }

    /// The header `authorization` for an endpoint (RFC 8292 section 3).
    pub(crate) fn authorization(&mut self, endpoint: &Url, at: Timestamp) -> Arc<str> {
        let origin = endpoint.origin().ascii_serialization();
        if let Some(kept) = self.kept.get(&origin).filter(|kept| kept.is_younger(VAPID_USED, at)) {
            return kept.value.clone();
        }
        #[derive(Serialize)]
        struct Claims<'a> {
            aud: &'a str,
            exp: i64,
            sub: &'a str,
        }
        let exp = at.later(VAPID_TTL).0 / 1000;
        let token = self.keys.key.token(None, &Claims { aud: &origin, exp, sub: &self.contact });
        let header: Arc<str> = format!("vapid t={token}, k={}", self.keys.public).into();
        if self.kept.len() >= VAPID_KEPT {
            self.kept.clear();
        }
        self.kept.insert(origin, Kept::new(header.clone(), at));
        header
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use ring::signature::ECDSA_P256_SHA256_FIXED;
    use serde_json::{Value, json};

    use super::*;
    use crate::jwt::tests::opened;

    pub const AT: Timestamp = Timestamp(1_795_208_400_123);

    pub fn vapid() -> Vapid {
        let keys = VapidKeys::read(&VapidKeys::generate()).expect("a key");
        Vapid::new(keys, "mailto:chat@example.org".into())
    }

    fn header(vapid: &mut Vapid, endpoint: &str, at: Timestamp) -> Arc<str> {
        vapid.authorization(&endpoint.parse().expect("a URL"), at)
    }

    /// The claims of a header, if its own key has signed it.
    pub fn claims(header: &str) -> Value {
        let (token, key) = header
            .strip_prefix("vapid t=")
            .and_then(|rest| rest.split_once(", k="))
            .expect("RFC 8292 section 3");
        let key = URL_SAFE_NO_PAD.decode(key).expect("base64url");
        let [header, claims] = opened(token, &ECDSA_P256_SHA256_FIXED, &key);
        assert_eq!(header, json!({"typ": "JWT", "alg": "ES256"}));
        claims
    }

    #[test]
    fn a_token_is_for_the_origin_of_an_endpoint_and_half_a_day() {
        let mut vapid = vapid();
        let header = header(&mut vapid, "https://push.example.net:8443/push/abc?x=1", AT);
        assert!(header.ends_with(&**vapid.public_key()));
        let expected = json!({
            "aud": "https://push.example.net:8443",
            "exp": 1_795_208_400 + 12 * 3600,
            "sub": "mailto:chat@example.org",
        });
        assert_eq!(claims(&header), expected);
    }

    #[test]
    fn a_token_is_used_again_until_shortly_before_its_end() {
        let mut vapid = vapid();
        let mut ask = |endpoint: &str, at| header(&mut vapid, endpoint, at);
        let first = ask("https://a.example/1", AT);
        let last = Timestamp(AT.later(VAPID_USED).0 - 1);
        assert_eq!(ask("https://a.example/2", last), first);
        assert_ne!(ask("https://b.example/1", AT), first, "another service has its own");
        let next = ask("https://a.example/1", AT.later(VAPID_USED));
        assert_ne!(next, first);
        assert_ne!(ask("https://a.example/1", AT), next, "the clock was set back");
    }

    #[test]
    fn there_is_a_bound_on_what_is_kept() {
        let mut vapid = vapid();
        for number in 0..VAPID_KEPT * 2 + 1 {
            header(&mut vapid, &format!("https://{number}.example/"), AT);
            assert!(vapid.kept.len() <= VAPID_KEPT);
        }
    }

    #[test]
    fn a_key_is_read_as_it_was_made_and_shown_by_its_public_half() {
        let made = VapidKeys::generate();
        let keys = VapidKeys::read(&made).expect("a key");
        assert_eq!(VapidKeys::read(&made).expect("a key").public_key(), keys.public_key());
        assert_eq!(keys.public_key().len(), 87, "65 bytes in base64url");
        assert_eq!(format!("{keys:?}"), format!("VapidKeys({})", keys.public_key()));
        assert!(VapidKeys::read(&made[1..]).is_err());
    }
}
