//! Whether what an application registers can be an address.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral},
    rand::SystemRandom,
};
use url::Url;

use parlor_domain::{
    DeviceAddress,
    limits::{APNS_TOKEN_DIGITS, FCM_TOKEN_BYTES, PUSH_ENDPOINT_BYTES},
};

/// Which endpoints browsers may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoints {
    /// Those of the internet, over https.
    Public,
    /// Also those of this machine and its network, over http.
    Any,
}

/// Why an address is none; the message is for whoever registers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAddress {
    #[error("endpoint must be an https URL of at most {PUSH_ENDPOINT_BYTES} bytes, without a user")]
    Endpoint,
    #[error("endpoint must not be in a private network")]
    PrivateEndpoint,
    #[error("p256dh must be a public key of P-256: an uncompressed point, 65 bytes in base64url")]
    Key,
    #[error("auth must be 16 bytes in base64url")]
    Auth,
    #[error("token must be a registration token: 1 to {FCM_TOKEN_BYTES} characters of ASCII")]
    FcmToken,
    #[error("token must be a device token: 64 to {APNS_TOKEN_DIGITS} hexadecimal digits")]
    ApnsToken,
}

/// Bytes of an uncompressed point, and of an authentication secret (RFC 8291 section 3.2).
pub(crate) const POINT_BYTES: usize = 65;
pub(crate) const AUTH_BYTES: usize = 16;

/// Whether a device can have this address.
///
/// # Errors
/// What is wrong with it.
pub fn check(address: &DeviceAddress, endpoints: Endpoints) -> Result<(), BadAddress> {
    match address {
        DeviceAddress::Web { endpoint, p256dh, auth } => {
            let subscription = Subscription::read(endpoint, p256dh, auth, endpoints)?;
            is_on_the_curve(&subscription.key).then_some(()).ok_or(BadAddress::Key)
        }
        DeviceAddress::Fcm { token } => {
            let is_good = (1..=FCM_TOKEN_BYTES).contains(&token.len())
                && token.bytes().all(|byte| byte.is_ascii_graphic());
            is_good.then_some(()).ok_or(BadAddress::FcmToken)
        }
        DeviceAddress::Apns { token } => {
            // It becomes part of a path.
            let is_good = (64..=APNS_TOKEN_DIGITS).contains(&token.len())
                && token.len().is_multiple_of(2)
                && token.bytes().all(|byte| byte.is_ascii_hexdigit());
            is_good.then_some(()).ok_or(BadAddress::ApnsToken)
        }
    }
}

/// A subscription of a browser, with its keys as bytes.
pub(crate) struct Subscription {
    pub endpoint: Url,
    pub key: [u8; POINT_BYTES],
    pub auth: [u8; AUTH_BYTES],
}

impl Subscription {
    /// Whether the key is one is known when it is used.
    pub fn read(
        endpoint: &str,
        p256dh: &str,
        auth: &str,
        endpoints: Endpoints,
    ) -> Result<Self, BadAddress> {
        let endpoint = url(endpoint, endpoints).ok_or(BadAddress::Endpoint)?;
        let key: [u8; POINT_BYTES] = bytes(p256dh).ok_or(BadAddress::Key)?;
        if key[0] != 4 {
            return Err(BadAddress::Key);
        }
        Ok(Self { endpoint, key, auth: bytes(auth).ok_or(BadAddress::Auth)? })
    }
}

const HOST_BYTES: usize = 253;

fn url(text: &str, endpoints: Endpoints) -> Option<Url> {
    if text.len() > PUSH_ENDPOINT_BYTES {
        return None;
    }
    let url = Url::parse(text).ok()?;
    let scheme = match url.scheme() {
        "https" => true,
        "http" => endpoints == Endpoints::Any,
        _ => false,
    };
    let has_user = !url.username().is_empty() || url.password().is_some();
    // No name is longer (RFC 1035 section 2.3.4), but what stands for one in letters of
    // another script may become so, and it is a part of an index.
    let fits = url.host_str().is_some_and(|host| host.len() <= HOST_BYTES);
    (scheme && fits && !has_user).then_some(url)
}

/// Some libraries pad, which base64url in RFC 8291 does not.
fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()?.try_into().ok()
}

/// `ring` looks at a point when it agrees on a secret with it.
fn is_on_the_curve(point: &[u8]) -> bool {
    let Ok(key) = EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new()) else {
        return false;
    };
    agree_ephemeral(key, &UnparsedPublicKey::new(&ECDH_P256, point), |_| ()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of RFC 8291 appendix A.
    const KEY: &str =
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    const AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";
    const ENDPOINT: &str = "https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV";

    fn web(endpoint: &str, p256dh: &str, auth: &str) -> DeviceAddress {
        DeviceAddress::Web { endpoint: endpoint.into(), p256dh: p256dh.into(), auth: auth.into() }
    }

    fn checked(address: DeviceAddress) -> Option<BadAddress> {
        check(&address, Endpoints::Public).err()
    }

    #[test]
    fn a_subscription_has_a_url_a_point_and_a_secret() {
        assert_eq!(checked(web(ENDPOINT, KEY, AUTH)), None);
        assert_eq!(checked(web(ENDPOINT, &format!("{KEY}="), &format!("{AUTH}=="))), None);
        let long = format!("https://push.example.net/{}", "x".repeat(PUSH_ENDPOINT_BYTES));
        let name = format!("https://{}com/", "消防车号.".repeat(100));
        let others = ["", "push.example.net", "ftp://a/", "https://ann:x@push.example.net/"];
        for bad in others.into_iter().chain([&*long, &*name]) {
            assert_eq!(checked(web(bad, KEY, AUTH)), Some(BadAddress::Endpoint), "{bad}");
        }
        for bad in ["", "AA", AUTH, &KEY.replace('_', "/"), &format!("A{}", &KEY[1..])] {
            assert_eq!(checked(web(ENDPOINT, bad, AUTH)), Some(BadAddress::Key), "{bad}");
        }
        for bad in ["", "BTBZMqHH6r4Tts7J_aSI", KEY] {
            assert_eq!(checked(web(ENDPOINT, KEY, bad)), Some(BadAddress::Auth), "{bad}");
        }
    }

    #[test]
    fn a_point_is_on_the_curve() {
        let mut point = URL_SAFE_NO_PAD.decode(KEY).expect("base64");
        point[64] ^= 1;
        let other = URL_SAFE_NO_PAD.encode(&point);
        assert_eq!(checked(web(ENDPOINT, &other, AUTH)), Some(BadAddress::Key));
    }

    #[test]
    fn http_is_for_those_alone_who_may_name_any_endpoint() {
        let address = web("http://127.0.0.1:9000/push", KEY, AUTH);
        assert_eq!(check(&address, Endpoints::Any), Ok(()));
        assert_eq!(check(&address, Endpoints::Public), Err(BadAddress::Endpoint));
    }

    #[test]
    fn tokens_have_their_characters_and_lengths() {
        let fcm = |token: &str| checked(DeviceAddress::Fcm { token: token.into() });
        assert_eq!(fcm("cJug2GoHzEfcshCE_OLL24:APA91bHa8-Viell9xj"), None);
        for bad in ["", "a b", "a\r\nb", "ä", &"x".repeat(FCM_TOKEN_BYTES + 1)] {
            assert_eq!(fcm(bad), Some(BadAddress::FcmToken), "{bad}");
        }
        let apns = |token: &str| checked(DeviceAddress::Apns { token: token.into() });
        assert_eq!(apns(&"0aF9".repeat(16)), None);
        assert_eq!(apns(&"0".repeat(160)), None);
        let long = "0".repeat(APNS_TOKEN_DIGITS + 2);
        for bad in ["", "00", &"../x".repeat(16), &"0".repeat(65), &long] {
            assert_eq!(apns(bad), Some(BadAddress::ApnsToken), "{bad}");
        }
    }
}
