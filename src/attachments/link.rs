//! Links that give a file to whoever has them, for a while and without a token: what can be
//! shown in a page, and kept by a CDN.
//!
//! Nothing is stored for one. Its end and what it leads to are signed with a key that is
//! made from the server's secret, so all nodes know the links of each other.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::hmac;

use crate::auth::Secret;
use parlor_domain::{AttachmentId, Timestamp, limits::LINK_ROUNDING};

/// What a link leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linked {
    /// The file; `saved`: to be saved, also where it could be shown.
    Content {
        saved: bool,
    },
    Thumbnail,
}

/// A link as it is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    pub id: AttachmentId,
    pub to: Linked,
    /// The second in which it ends, since 1970.
    pub expires: i64,
}

impl Link {
    /// One that is good for so many seconds or somewhat longer.
    pub fn lasting(id: AttachmentId, to: Linked, seconds: i64, now: Timestamp) -> Self {
        let step = (seconds / LINK_ROUNDING).max(1);
        let least = (now.0 / 1000).saturating_add(seconds);
        let expires = least.saturating_add(step - 1) / step * step;
        Self { id, to, expires }
    }

    /// Seconds that are left of it; `None` if it is over.
    pub fn left(&self, now: Timestamp) -> Option<u32> {
        let left = self.expires.checked_sub(now.0.div_euclid(1000))?;
        u32::try_from(left).ok().filter(|left| *left > 0)
    }

    /// No two links have the same.
    fn text(&self) -> String {
        let Self { id, to, expires } = self;
        let to = match to {
            Linked::Content { saved: false } => "content",
            Linked::Content { saved: true } => "content, saved",
            Linked::Thumbnail => "thumbnail",
        };
        format!("{}/{expires}/{to}", id.0)
    }
}

/// Signs links, and knows those that were signed.
#[derive(Clone)]
pub struct Links {
    sign: hmac::Key,
    /// With the present secret first.
    checks: Arc<[hmac::Key]>,
    /// What they begin with; nothing: they are paths.
    base: Arc<str>,
}

impl Links {
    /// Links that were signed with `previous` lead on: while the secret is being changed.
    pub fn new(secret: &Secret, previous: Option<&Secret>, base: Arc<str>) -> Self {
        let key = |secret: &Secret| {
            hmac::Key::new(hmac::HMAC_SHA256, &secret.key_for("parlor: links to files"))
        };
        let checks = [Some(secret), previous].into_iter().flatten().map(key).collect();
        Self { sign: key(secret), checks, base }
    }

    /// The URL of a link, or its path on this server.
    pub fn url(&self, link: &Link) -> String {
        let Link { id, to, expires } = link;
        let (last, saved) = match to {
            Linked::Content { saved: false } => ("content", ""),
            Linked::Content { saved: true } => ("content", "download=true&"),
            Linked::Thumbnail => ("thumbnail", ""),
        };
        let signature = URL_SAFE_NO_PAD.encode(hmac::sign(&self.sign, link.text().as_bytes()));
        let (base, id) = (&self.base, id.0);
        format!("{base}/api/v1/files/{id}/{last}?{saved}expires={expires}&signature={signature}")
    }

    /// Whether a link was signed here, or by another node; compared in constant time.
    pub fn is_signed(&self, link: &Link, signature: &str) -> bool {
        let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else { return false };
        let text = link.text();
        self.checks.iter().any(|key| hmac::verify(key, text.as_bytes(), &signature).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_764_500_000_123);

    fn secret(text: &str) -> Secret {
        Secret::new(&text.repeat(32)).expect("long enough")
    }

    fn links(text: &str, previous: Option<&str>) -> Links {
        Links::new(&secret(text), previous.map(secret).as_ref(), "".into())
    }

    fn link() -> Link {
        Link::lasting(AttachmentId(7), Linked::Content { saved: false }, 3_600, NOW)
    }

    fn signature(url: &str) -> &str {
        url.split_once("signature=").expect("it is signed").1
    }

    #[test]
    fn a_signature_is_of_one_link_alone() {
        let (links, link) = (links("s", None), link());
        let url = links.url(&link);
        assert!(links.is_signed(&link, signature(&url)));
        for other in [
            Link { id: AttachmentId(8), ..link },
            Link { expires: link.expires + 1, ..link },
            Link { to: Linked::Content { saved: true }, ..link },
            Link { to: Linked::Thumbnail, ..link },
        ] {
            assert!(!links.is_signed(&other, signature(&url)), "{other:?}");
            assert_ne!(links.url(&other), url);
        }
        let cut = &signature(&url)[..42];
        for wrong in ["", "AAAA", "\u{1f642}", cut] {
            assert!(!links.is_signed(&link, wrong), "{wrong}");
        }
    }

    #[test]
    fn links_of_the_secret_before_lead_on_and_no_new_ones_are_signed_with_it() {
        let (before, both) = (links("a", None), links("b", Some("a")));
        let (old, new) = (before.url(&link()), both.url(&link()));
        assert!(both.is_signed(&link(), signature(&old)));
        assert!(both.is_signed(&link(), signature(&new)));
        assert!(!before.is_signed(&link(), signature(&new)));
        assert!(!links("b", None).is_signed(&link(), signature(&old)));
    }

    #[test]
    fn everybody_is_given_the_same_link_for_a_while() {
        for seconds in [60, 61, 3_600, 604_800] {
            let at = |late: i64| {
                Link::lasting(AttachmentId(7), Linked::Thumbnail, seconds, {
                    Timestamp(NOW.0 + late * 1000)
                })
            };
            let ends: Vec<i64> = (0..=seconds).map(|late| at(late).expires).collect();
            let changes = ends.windows(2).filter(|pair| pair[0] != pair[1]).count();
            assert!((4..=5).contains(&changes), "{seconds}: {changes}");
            for late in 0..=seconds {
                let left = at(late).left(Timestamp(NOW.0 + late * 1000)).expect("it is good");
                let left = i64::from(left);
                assert!((seconds..=seconds + seconds / 4).contains(&left), "{seconds}: {left}");
            }
        }
    }

    #[test]
    fn a_link_ends_in_its_second() {
        let link = Link { expires: 1_000, ..link() };
        for (at, left) in [
            (0, Some(1_000)),
            (999_999, Some(1)),
            (1_000_000, None),
            (i64::MAX, None),
            (i64::MIN, None),
        ] {
            assert_eq!(link.left(Timestamp(at)), left, "{at}");
        }
    }
}
