//! Messages that only a browser can read (RFC 8291), in the content coding `aes128gcm`
//! (RFC 8188).

use ring::{
    aead::{AES_128_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral},
    hkdf::{HKDF_SHA256, KeyType, Salt},
    rand::{SecureRandom, SystemRandom},
};

use super::address::{AUTH_BYTES, POINT_BYTES, Subscription};
use parlor_domain::limits::{WEB_PUSH_BYTES, WEB_PUSH_PADDED_TO};

const SALT_BYTES: usize = 16;
/// What the header calls `rs`: a message is one record, which may be shorter.
const RECORD_BYTES: u32 = 4_096;
/// What the last record of a message ends with, before its padding (RFC 8188 section 2).
const LAST: u8 = 2;

/// The body for a browser, padded; `None` if its key is no point of the curve.
pub(crate) fn encrypt(plain: &[u8], to: &Subscription) -> Option<Vec<u8>> {
    let random = SystemRandom::new();
    let mut salt = [0; SALT_BYTES];
    random.fill(&mut salt).ok()?;
    let key = EphemeralPrivateKey::generate(&ECDH_P256, &random).ok()?;
    let public = key.compute_public_key().ok()?;
    let sender: [u8; POINT_BYTES] = public.as_ref().try_into().ok()?;
    agree_ephemeral(key, &UnparsedPublicKey::new(&ECDH_P256, &to.key), |secret| {
        Sealing { secret, auth: &to.auth, receiver: &to.key, sender: &sender, salt: &salt }
            .seal(plain, padded(plain.len()))
    })
    .ok()
}

/// How long a message is padded to.
fn padded(bytes: usize) -> usize {
    bytes.next_multiple_of(WEB_PUSH_PADDED_TO).min(WEB_PUSH_BYTES.max(bytes))
}

/// All that the two sides of a message share.
struct Sealing<'a> {
    /// What the two keys agree on.
    secret: &'a [u8],
    auth: &'a [u8; AUTH_BYTES],
    receiver: &'a [u8; POINT_BYTES],
    sender: &'a [u8; POINT_BYTES],
    salt: &'a [u8; SALT_BYTES],
}

impl Sealing<'_> {
    fn seal(&self, plain: &[u8], padded: usize) -> Vec<u8> {
        let (key, nonce) = self.key_and_nonce();
        let key = UnboundKey::new(&AES_128_GCM, &key).expect("a key has 16 bytes");
        let mut record = plain.to_vec();
        record.push(LAST);
        record.resize(padded.max(plain.len()) + 1, 0);
        LessSafeKey::new(key)
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::empty(),
                &mut record,
            )
            .expect("a record is short");
        let length = [u8::try_from(POINT_BYTES).expect("65 is less than 256")];
        let header = [&self.salt[..], &RECORD_BYTES.to_be_bytes(), &length, self.sender].concat();
        [header, record].concat()
    }

    /// Of the one record there is (RFC 8291 section 3.4, RFC 8188 sections 2.2 and 2.3).
    fn key_and_nonce(&self) -> ([u8; 16], [u8; NONCE_LEN]) {
        let info: [&[u8]; 3] = [b"WebPush: info\0", self.receiver, self.sender];
        let shared: [u8; 32] = derived(self.auth, self.secret, &info);
        (
            derived(self.salt, &shared, &[b"Content-Encoding: aes128gcm\0"]),
            derived(self.salt, &shared, &[b"Content-Encoding: nonce\0"]),
        )
    }
}

struct Bytes(usize);

impl KeyType for Bytes {
    fn len(&self) -> usize {
        self.0
    }
}

fn derived<const N: usize>(salt: &[u8], secret: &[u8], info: &[&[u8]]) -> [u8; N] {
    let key = Salt::new(HKDF_SHA256, salt).extract(secret);
    let mut made = [0; N];
    let expanded = key.expand(info, Bytes(N)).and_then(|okm| okm.fill(&mut made));
    expanded.expect("it is shorter than 255 hashes");
    made
}

#[cfg(test)]
pub(crate) mod tests {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

    use super::*;

    fn bytes<const N: usize>(text: &str) -> [u8; N] {
        URL_SAFE_NO_PAD.decode(text).expect("base64").try_into().expect("its length")
    }

    /// A browser, which reads one message.
    pub struct Browser {
        key: EphemeralPrivateKey,
        pub public: [u8; POINT_BYTES],
        pub auth: [u8; AUTH_BYTES],
    }

    impl Browser {
        pub fn new() -> Self {
            let key = EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new());
            let key = key.expect("a key");
            let public = key.compute_public_key().expect("a point");
            let public = public.as_ref().try_into().expect("65 bytes");
            Self { key, public, auth: *b"0123456789abcdef" }
        }

        /// The message, without its padding.
        pub fn read(self, body: &[u8]) -> Vec<u8> {
            let salt = body[..16].try_into().expect("a salt");
            assert_eq!(body[16..21], [0, 0, 16, 0, 65], "one record, and a point");
            let sender: [u8; 65] = body[21..86].try_into().expect("a point");
            let peer = UnparsedPublicKey::new(&ECDH_P256, &sender);
            let (auth, receiver) = (&self.auth, &self.public);
            let (key, nonce) = agree_ephemeral(self.key, &peer, |secret| {
                Sealing { secret, auth, receiver, sender: &sender, salt: &salt }.key_and_nonce()
            })
            .expect("a point");
            let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key).expect("a key"));
            let mut record = body[86..].to_vec();
            let nonce = Nonce::assume_unique_for_key(nonce);
            let plain = key.open_in_place(nonce, Aad::empty(), &mut record).expect("it is ours");
            let end = plain.iter().rposition(|byte| *byte != 0).expect("an end");
            assert_eq!(plain[end], LAST);
            plain[..end].to_vec()
        }
    }

    /// RFC 8291 section 5 and appendix A, from the secret on that its two keys agree on.
    #[test]
    fn the_example_of_the_rfc_is_made() {
        let sealing = Sealing {
            secret: &bytes::<32>("kyrL1jIIOHEzg3sM2ZWRHDRB62YACZhhSlknJ672kSs"),
            auth: &bytes("BTBZMqHH6r4Tts7J_aSIgg"),
            receiver: &bytes(
                "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkN\
                 toIAiw4",
            ),
            sender: &bytes(
                "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBr\
                 u3jl7A8",
            ),
            salt: &bytes("DGv6ra1nlYgDCS1FRnbzlw"),
        };
        let (key, nonce) = sealing.key_and_nonce();
        assert_eq!(key, bytes("oIhVW04MRdy2XN9CiKLxTg"));
        assert_eq!(nonce, bytes("4h_95klXJ5E_qnoN"));
        let sealed = sealing.seal(b"When I grow up, I want to be a watermelon", 0);
        let expected = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27ml\
                        mlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT\
                        pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";
        assert_eq!(URL_SAFE_NO_PAD.encode(sealed), expected);
    }

    #[test]
    fn a_browser_reads_what_is_for_it_however_long_it_is() {
        for length in [0, 1, 255, 256, 257, WEB_PUSH_BYTES - 1, WEB_PUSH_BYTES] {
            let browser = Browser::new();
            let to = Subscription {
                endpoint: "https://push.example.net/".parse().expect("a URL"),
                key: browser.public,
                auth: browser.auth,
            };
            let plain = vec![7; length];
            let body = encrypt(&plain, &to).expect("a point");
            assert!(body.len() <= 4_096, "{length}");
            assert!((body.len() - 103).is_multiple_of(256) || body.len() == 4_096, "{length}");
            assert_eq!(browser.read(&body), plain, "{length}");
        }
    }

    #[test]
    fn what_is_no_point_is_told() {
        let to = Subscription {
            endpoint: "https://push.example.net/".parse().expect("a URL"),
            key: [4; POINT_BYTES],
            auth: [0; AUTH_BYTES],
        };
        assert_eq!(encrypt(b"x", &to), None);
    }
}
