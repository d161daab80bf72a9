use super::TokenError;
use crate::protocol::{ErrorCode, ErrorView};

/// Why somebody is not let in. Its text is for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    #[error("a token is needed")]
    Missing,
    #[error("the token is not good")]
    Bad,
    #[error("the token has expired")]
    Expired,
    #[error("the token was revoked")]
    Revoked,
    #[error("this user may not come")]
    Banned,
    #[error("the token is another user's")]
    OtherUser,
    #[error("a token is being checked already")]
    Busy,
    #[error("the server cannot check the token now; try again")]
    Unavailable,
}

impl AuthError {
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Missing | Self::Bad | Self::OtherUser | Self::Revoked => ErrorCode::Unauthorized,
            Self::Banned => ErrorCode::Forbidden,
            Self::Expired => ErrorCode::TokenExpired,
            Self::Busy | Self::Unavailable => ErrorCode::Unavailable,
        }
    }

    pub fn is_unavailable(&self) -> bool {
        self.code() == ErrorCode::Unavailable
    }
}

impl From<TokenError> for AuthError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Expired => Self::Expired,
            TokenError::Bad => Self::Bad,
        }
    }
}

impl From<&AuthError> for ErrorView<'_> {
    fn from(error: &AuthError) -> Self {
        let unavailable = error.code() == ErrorCode::Unavailable;
        let retry_after = crate::limits::RETRY_AFTER.as_millis();
        Self {
            code: error.code(),
            message: error.to_string().into(),
            field: None,
            retry_after_ms: unavailable.then(|| u64::try_from(retry_after).unwrap_or(u64::MAX)),
        }
    }
}
