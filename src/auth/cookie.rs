//! A token in a cookie of the application's own sign-in. A browser sends it along
//! with whatever any page asks for, so it counts only where the page is one that
//! may use the server (RFC 6265 section 8.2, cross-site request forgery).

use std::sync::Arc;

use actix_http::header::{self, HeaderMap, HeaderName};

use super::{AuthError, BadToken, OriginPolicy};
use crate::log_throttle::LogThrottle;

/// Says what a page has to do with the address it asks (Fetch Metadata). No page can
/// set it; old browsers and programs send none.
const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The cookie that may carry a token, and whose pages it is taken from.
#[derive(Clone, Debug)]
pub struct TokenCookie {
    name: Arc<str>,
    origins: OriginPolicy,
}

/// What a request says of where it was made.
#[derive(Clone, Copy, Debug, Default)]
struct Made<'a> {
    origin: Option<&'a str>,
    host: Option<&'a str>,
    site: Option<&'a str>,
}

impl<'a> Made<'a> {
    fn read(headers: &'a HeaderMap) -> Self {
        // What cannot be read is nobody's own.
        let text = |name| {
            headers.get(name).map(|value: &header::HeaderValue| value.to_str().unwrap_or(""))
        };
        Self { origin: text(header::ORIGIN), host: text(header::HOST), site: text(SITE) }
    }
}

impl TokenCookie {
    /// `None` if no cookie can have this name. `origins` must be exact ones.
    pub fn new(name: &str, origins: OriginPolicy) -> Option<Self> {
        // RFC 9110 section 5.6.2.
        let is_of_name =
            |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        let is_name = !name.is_empty() && name.bytes().all(is_of_name);
        is_name.then(|| Self { name: name.into(), origins })
    }

    /// The token of a request that may bring it so. `changes`: it asks for more than
    /// to be shown something.
    pub fn token(&self, headers: &HeaderMap, changes: bool) -> Result<Option<String>, AuthError> {
        if headers.contains_key(header::AUTHORIZATION) {
            return Ok(None);
        }
        let Some(token) = self.find(headers)? else { return Ok(None) };
        let made = Made::read(headers);
        if self.takes(made, changes) {
            return Ok(Some(token.to_owned()));
        }
        refused(made);
        Err(AuthError::ForeignPage)
    }

    /// The value of the cookie. Another site of the same domain can add one of the
    /// same name: then nobody knows which is whose.
    fn find<'a>(&self, headers: &'a HeaderMap) -> Result<Option<&'a str>, BadToken> {
        let lines = headers.get_all(header::COOKIE);
        let pairs = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b';'));
        let mut found = None;
        for pair in pairs.filter_map(|pair| std::str::from_utf8(pair).ok()) {
            let Some((name, value)) = pair.split_once('=') else { continue };
            if name.trim() != &*self.name {
                continue;
            }
            let value = value.trim();
            let bare = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
            let value = bare.unwrap_or(value);
            if found.is_some_and(|found| found != value) {
                return Err(BadToken::TwoCookies);
            }
            found = Some(value);
        }
        Ok(found.filter(|value| !value.is_empty()))
    }

    fn takes(&self, made: Made<'_>, changes: bool) -> bool {
        let Made { origin, host, site } = made;
        match (origin, site) {
            // The host alone does not say whether the page came over TLS.
            (Some(origin), site) => {
                let is_own = OriginPolicy::is_own(origin, host);
                self.origins.lists(origin)
                    || is_own && site.is_none_or(|site| site == "same-origin")
            }
            (None, Some("same-origin")) => true,
            // Somebody has typed the address.
            (None, Some("none")) => !changes,
            (None, Some(_)) => false,
            // What changes something has an origin, from every browser.
            (None, None) => !changes,
        }
    }
}

fn refused(Made { origin, host, .. }: Made<'_>) {
    static REFUSED: LogThrottle = LogThrottle::new();
    if let Some(times) = REFUSED.again() {
        log::warn!(
            "a token in a cookie was not taken from a page of {origin:?}: it is neither that of the \
             host {host:?} nor in PARLOR_ALLOWED_ORIGINS ({times} refused)"
        );
    }
}

#[cfg(test)]
mod tests {
    use actix_http::header::HeaderValue;

    use super::*;

    const APP: Option<&str> = Some("https://app.example.org");

    fn cookie() -> TokenCookie {
        let origins = OriginPolicy::new(&["https://app.example.org".to_owned()]);
        TokenCookie::new("sid", origins).expect("a name")
    }

    #[test]
    fn it_is_taken_from_pages_that_may_use_the_server() {
        let own = Some("https://chat.example.org");
        let evil = Some("https://evil.example.org");
        for (origin, site, reading, changing) in [
            (APP, Some("same-site"), true, true),
            (APP, Some("cross-site"), true, true),
            (APP, None, true, true),
            (own, Some("same-origin"), true, true),
            (own, None, true, true),
            // Over plain HTTP, from somebody between.
            (Some("http://chat.example.org"), Some("cross-site"), false, false),
            (evil, Some("same-site"), false, false),
            (evil, None, false, false),
            (Some("null"), None, false, false),
            (Some(""), Some("same-origin"), false, false),
            (None, Some("same-origin"), true, true),
            (None, Some("none"), true, false),
            (None, Some("same-site"), false, false),
            (None, Some("cross-site"), false, false),
            (None, None, true, false),
        ] {
            let made = Made { origin, host: Some("chat.example.org"), site };
            let taken = [false, true].map(|changes| cookie().takes(made, changes));
            assert_eq!(taken, [reading, changing], "{origin:?} {site:?}");
        }
    }

    #[test]
    fn it_is_found_among_others_and_only_if_it_is_the_only_one() {
        let found = |lines: &[&str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                let line = HeaderValue::from_bytes(line.as_bytes()).expect("a header");
                headers.append(header::COOKIE, line);
            }
            cookie().token(&headers, false)
        };
        for (lines, token) in [
            (&["sid=t.1=="][..], Some("t.1==")),
            (&["a=1; sid=\"t\"; b=ä"], Some("t")),
            (&["a=1", "b=2;sid = t"], Some("t")),
            (&["sid=t; sid=t"], Some("t")),
            (&["SID=t; xsid=t; sid"], None),
            (&["sid="], None),
            (&[], None),
        ] {
            assert_eq!(found(lines), Ok(token.map(str::to_owned)), "{lines:?}");
        }
        assert_eq!(found(&["sid=t; sid=u"]), Err(BadToken::TwoCookies.into()));
    }

    #[test]
    fn another_way_to_bring_a_token_goes_before_it() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static("sid=t"));
        assert_eq!(cookie().token(&headers, true), Err(AuthError::ForeignPage));
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Basic eDp5"));
        assert_eq!(cookie().token(&headers, true), Ok(None));
    }

    #[test]
    fn a_name_is_one_that_a_cookie_can_have() {
        let is_name = |name| TokenCookie::new(name, OriginPolicy::default()).is_some();
        assert!(is_name("__Host-session") && is_name("connect.sid"));
        for bad in ["", "a b", "a=b", "a;b", "ä", "a\""] {
            assert!(!is_name(bad), "{bad}");
        }
    }
}
