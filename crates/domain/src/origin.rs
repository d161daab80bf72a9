//! The origin of a user: where they come from, and which credentials they can
//! sign in with.

use std::{borrow::Cow, fmt, sync::Arc};

/// Who answers for a user. Each user has one: what another one says of the
/// same id is about somebody else.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum UserOrigin {
    /// The user has registered here, with a password.
    Account,
    /// The application, with tokens that it signs with the shared secret.
    Application,
    /// A key of a service.
    Key,
    /// An outside issuer, by the `iss` of its tokens; empty if they have none.
    Issuer(Arc<str>),
}

const ACCOUNT: &str = "account";
const APPLICATION: &str = "application";
const KEY: &str = "key";
const ISSUER: &str = "issuer";

impl UserOrigin {
    /// As it is stored, and as settings name it: `account`, `application`,
    /// `key`, `issuer:<iss>`.
    pub fn to_text(&self) -> Cow<'static, str> {
        match self {
            Self::Account => ACCOUNT.into(),
            Self::Application => APPLICATION.into(),
            Self::Key => KEY.into(),
            Self::Issuer(iss) => format!("{ISSUER}:{iss}").into(),
        }
    }

    /// Takes over a text that [`to_text`](Self::to_text) made.
    pub fn from_stored(text: &str) -> Option<Self> {
        match text.split_once(':') {
            None if text == ACCOUNT => Some(Self::Account),
            None if text == APPLICATION => Some(Self::Application),
            None if text == KEY => Some(Self::Key),
            Some((ISSUER, iss)) => Some(Self::Issuer(iss.into())),
            _ => None,
        }
    }
}

impl fmt::Display for UserOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text())
    }
}

/// Origins whose users those of another one may become: how an application
/// moves from one to the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Adopted(Arc<[Arc<str>]>);

impl Adopted {
    /// Reads `account`, `application`, `issuer` (any) and `issuer:<iss>`; the
    /// error is what is none of them.
    pub fn parse(texts: &[String]) -> Result<Self, String> {
        let texts = texts.iter().map(|text| text.trim()).filter(|text| !text.is_empty());
        let known = |text: &str| {
            [ACCOUNT, APPLICATION, ISSUER].contains(&text)
                || matches!(UserOrigin::from_stored(text), Some(UserOrigin::Issuer(_)))
        };
        let one = |text: &str| if known(text) { Ok(text.into()) } else { Err(text.to_owned()) };
        Ok(Self(texts.map(one).collect::<Result<_, _>>()?))
    }

    /// Whether users of this origin may become another's.
    pub fn has(&self, origin: &UserOrigin) -> bool {
        let is_it = |named: &Arc<str>| match origin {
            UserOrigin::Issuer(_) if **named == *ISSUER => true,
            _ => **named == *origin.to_text(),
        };
        self.0.iter().any(is_it)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_read_as_it_was_written() {
        let issuer = |iss: &str| UserOrigin::Issuer(iss.into());
        for origin in [
            UserOrigin::Account,
            UserOrigin::Application,
            UserOrigin::Key,
            issuer("https://id.example:8443/x"),
            issuer(""),
        ] {
            assert_eq!(UserOrigin::from_stored(&origin.to_text()), Some(origin));
        }
        assert_eq!(UserOrigin::from_stored("somebody"), None);
    }

    #[test]
    fn only_the_named_origins_give_up_their_users() {
        let parse = |texts: &[&str]| {
            Adopted::parse(&texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>())
        };
        let (one, other) =
            (UserOrigin::Issuer("https://a".into()), UserOrigin::Issuer("https://b".into()));
        let adopted = parse(&["application", " issuer:https://a ", ""]).expect("origins");
        assert!(adopted.has(&UserOrigin::Application) && adopted.has(&one));
        assert!(!adopted.has(&UserOrigin::Account) && !adopted.has(&other));
        let any = parse(&["issuer"]).expect("origins");
        assert!(any.has(&one) && any.has(&other) && !any.has(&UserOrigin::Application));
        assert_eq!(parse(&["key"]), Err("key".to_owned()), "keys are made here");
        assert!(!Adopted::default().has(&UserOrigin::Account));
    }
}
