//! Why somebody is not authenticated.

use std::borrow::Cow;

use crate::protocol::{ErrorCode, ErrorView};
use parlor_domain::{
    InvalidId,
    limits::{ID_BYTES, ISSUER_BYTES, RETRY_AFTER, TOKEN_AGE_MAX, TOKEN_BYTES},
};

/// Why somebody is not authenticated. The text is shown to users.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    #[error("send `Authorization: Bearer <token>`")]
    Missing,
    /// The reason is only logged, because it would help whoever tries tokens.
    #[error("the token is not valid")]
    Bad(BadToken),
    #[error(
        "the user id is a reserved word (such as room, here or all): the user needs another id"
    )]
    ReservedId,
    #[error("the token has expired")]
    Expired,
    #[error("the token was revoked")]
    Revoked,
    #[error("this user is banned")]
    Banned,
    #[error("this user is deactivated")]
    Deactivated,
    #[error("this user id belongs to another sign-in method")]
    OtherOrigin,
    #[error(
        "a token in a cookie is only taken from pages of this server or of an allowed origin \
         (Origin): send `Authorization: Bearer <token>`"
    )]
    ForeignPage,
    #[error("the token belongs to another user")]
    OtherUser,
    #[error("another token is still being checked")]
    Busy,
    #[error("the server cannot check the token now; try again")]
    Unavailable,
}

impl AuthError {
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Missing | Self::Bad(_) | Self::ReservedId | Self::OtherUser | Self::Revoked => {
                ErrorCode::Unauthorized
            }
            Self::Banned | Self::Deactivated | Self::OtherOrigin | Self::ForeignPage => {
                ErrorCode::Forbidden
            }
            Self::Expired => ErrorCode::TokenExpired,
            Self::Busy | Self::Unavailable => ErrorCode::Unavailable,
        }
    }

    pub fn is_unavailable(&self) -> bool {
        self.code() == ErrorCode::Unavailable
    }

    /// The whole reason, for the log.
    pub fn cause(&self) -> String {
        match self {
            Self::Bad(bad) => format!("it {bad}"),
            other => other.to_string(),
        }
    }
}

/// What is wrong with a token. Its text continues a sentence that begins with
/// "the token".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadToken {
    #[error("has more than {TOKEN_BYTES} bytes")]
    TooLong,
    #[error("is not a JWT")]
    Malformed,
    #[error("is signed with an algorithm that is not accepted here")]
    Algorithm,
    #[error("has a critical extension that is not supported (crit)")]
    Critical,
    #[error("names a key (kid) that its issuer does not have")]
    UnknownKey,
    #[error("has a signature that matches no key")]
    Signature,
    #[error("is not valid yet (nbf)")]
    Early,
    #[error("was issued in the future (iat)")]
    IssuedAhead,
    #[error("was issued more than {} days ago (iat)", TOKEN_AGE_MAX.as_secs() / 86_400)]
    TooOld,
    #[error(
        "does not say when it was issued (iat), and expires in more than {} days",
        TOKEN_AGE_MAX.as_secs() / 86_400
    )]
    TooLasting,
    #[error("is from another issuer (iss)")]
    Issuer,
    #[error("is for another audience (aud)")]
    Audience,
    #[error("lacks {0}")]
    Missing(Cow<'static, str>),
    #[error("has an invalid {0}")]
    Claim(Cow<'static, str>),
    #[error("has a {0} that {1}")]
    NoId(Cow<'static, str>, InvalidId),
    #[error("has a jti of more than {ID_BYTES} bytes")]
    Id,
    #[error("has an iss of more than {ISSUER_BYTES} bytes")]
    LongIssuer,
    #[error("is from a built-in account, and accounts are off")]
    NoAccounts,
    #[error("is an API key that is unknown or revoked")]
    Key,
    #[error("is none that the auth service knows")]
    Unknown,
    #[error("is in two cookies of the same name, which differ")]
    TwoCookies,
    #[error("is empty, or has characters that no token has")]
    Characters,
}

impl BadToken {
    /// A claim of this name has another type than it must have.
    pub(super) fn claim(name: &str) -> Self {
        Self::Claim(name.to_owned().into())
    }

    /// Nobody here can have made the token; somebody else may.
    pub(super) fn is_foreign(&self) -> bool {
        matches!(self, Self::Malformed | Self::Algorithm | Self::UnknownKey | Self::Signature)
    }
}

impl From<BadToken> for AuthError {
    fn from(bad: BadToken) -> Self {
        Self::Bad(bad)
    }
}

impl From<&AuthError> for ErrorView<'_> {
    fn from(error: &AuthError) -> Self {
        let unavailable = error.code() == ErrorCode::Unavailable;
        let retry_after = RETRY_AFTER.as_millis();
        Self {
            code: error.code(),
            message: error.to_string().into(),
            field: None,
            retry_after_ms: unavailable.then(|| u64::try_from(retry_after).unwrap_or(u64::MAX)),
        }
    }
}
