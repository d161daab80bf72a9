//! Why somebody is not authenticated.

use super::BadToken;
use crate::protocol::{ErrorCode, ErrorView};

/// Why somebody is not authenticated. The text is shown to users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    #[error("send `Authorization: Bearer <token>`")]
    Missing,
    /// The reason is only logged, because it would help whoever tries tokens.
    #[error("the token is not valid")]
    Bad(BadToken),
    #[error("the sub is a reserved word (such as room, here or all): the user needs another id")]
    ReservedId,
    #[error("the token has expired")]
    Expired,
    #[error("the token was revoked")]
    Revoked,
    #[error("this user is banned")]
    Banned,
    #[error("this user id belongs to another sign-in method")]
    OtherOrigin,
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
            Self::Banned | Self::OtherOrigin => ErrorCode::Forbidden,
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

impl From<BadToken> for AuthError {
    fn from(bad: BadToken) -> Self {
        Self::Bad(bad)
    }
}

impl From<&AuthError> for ErrorView<'_> {
    fn from(error: &AuthError) -> Self {
        let unavailable = error.code() == ErrorCode::Unavailable;
        let retry_after = parlor_domain::limits::RETRY_AFTER.as_millis();
        Self {
            code: error.code(),
            message: error.to_string().into(),
            field: None,
            retry_after_ms: unavailable.then(|| u64::try_from(retry_after).unwrap_or(u64::MAX)),
        }
    }
}
