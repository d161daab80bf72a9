//! Why a request was refused.

#![deny(clippy::wildcard_enum_match_arm)]

use std::{sync::Arc, time::Duration};

use crate::{
    db::{ReadError, WriteError},
    protocol::{ErrorCode, ErrorView},
    push::BadAddress,
};
use parlor_domain::{Denied, PushService, QuotaReached};

/// Why a request was refused. Its text is for a person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChatError {
    #[error("there is no such {0}, or you may not see it")]
    NotFound(&'static str),
    #[error("{0}")]
    Forbidden(Denied),
    #[error("{0}")]
    Conflict(String),
    #[error("{0}")]
    Invalid(&'static str),
    #[error("type is not known")]
    NoSuchCommand,
    #[error("{0}")]
    TooLarge(String),
    #[error("{what}")]
    Limited { what: String, field: Option<&'static str>, retry_after: Duration },
    /// The application was asked, and says why not.
    #[error("{0}")]
    Refused(Arc<str>),
    /// There is something in it that is in a list of the deployment.
    #[error("there is something in it that is not allowed here")]
    Blocked,
    /// The same of the room.
    #[error("there is something in it that is not allowed in this room")]
    BlockedInRoom,
    /// A field of the request, where only the server could find that out.
    #[error("{what}")]
    Wrong { field: &'static str, what: String },
    #[error("nothing is told to devices of this service here: {0}")]
    PushOff(PushService),
    #[error("{0}")]
    BadAddress(BadAddress),
    /// The application was asked to do it.
    #[error("the application has not answered; it may have done it all the same")]
    Unanswered,
    #[error("the server cannot take this now; send it again")]
    Unavailable { retry_after: Duration },
    #[error("something went wrong on our side")]
    Internal,
}

impl ChatError {
    /// The stable code of the protocol page.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::NotFound(_) => ErrorCode::NotFound,
            Self::Forbidden(_) => ErrorCode::Forbidden,
            Self::Conflict(_) => ErrorCode::Conflict,
            Self::Invalid(_) | Self::NoSuchCommand | Self::Wrong { .. } | Self::BadAddress(_) => {
                ErrorCode::InvalidMessage
            }
            Self::Blocked | Self::BlockedInRoom => ErrorCode::ContentBlocked,
            Self::PushOff(_) => ErrorCode::PushOff,
            Self::TooLarge(_) => ErrorCode::TooLarge,
            Self::Limited { .. } => ErrorCode::RateLimited,
            Self::Refused(_) => ErrorCode::Refused,
            Self::Unanswered => ErrorCode::Timeout,
            Self::Unavailable { .. } => ErrorCode::Unavailable,
            Self::Internal => ErrorCode::ProcessingError,
        }
    }

    /// Whether the one who asked is to blame.
    pub fn is_fault(&self) -> bool {
        !matches!(self, Self::Unavailable { .. } | Self::Unanswered | Self::Internal)
    }

    /// What of the request it is about, if not the whole.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::Limited { field, .. } => *field,
            Self::NoSuchCommand => Some("type"),
            Self::Blocked | Self::BlockedInRoom => Some("content"),
            Self::Wrong { field, .. } => Some(field),
            Self::PushOff(service) => Some(service.as_str()),
            Self::BadAddress(bad) => Some(field_of(*bad)),
            Self::NotFound(_)
            | Self::Forbidden(_)
            | Self::Conflict(_)
            | Self::Invalid(_)
            | Self::TooLarge(_)
            | Self::Refused(_)
            | Self::Unanswered
            | Self::Unavailable { .. }
            | Self::Internal => None,
        }
    }

    /// When it is worth trying again.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Limited { retry_after, .. } | Self::Unavailable { retry_after } => {
                Some(*retry_after)
            }
            Self::NoSuchCommand
            | Self::PushOff(_)
            | Self::BadAddress(_)
            | Self::NotFound(_)
            | Self::Forbidden(_)
            | Self::Conflict(_)
            | Self::Invalid(_)
            | Self::TooLarge(_)
            | Self::Refused(_)
            | Self::Blocked
            | Self::BlockedInRoom
            | Self::Wrong { .. }
            | Self::Unanswered
            | Self::Internal => None,
        }
    }

    /// The answer while the database or the server cannot take more.
    pub fn unavailable() -> Self {
        Self::Unavailable { retry_after: parlor_domain::limits::RETRY_AFTER }
    }
}

fn field_of(bad: BadAddress) -> &'static str {
    match bad {
        BadAddress::Endpoint | BadAddress::PrivateEndpoint => "web.endpoint",
        BadAddress::Key => "web.p256dh",
        BadAddress::Auth => "web.auth",
        BadAddress::FcmToken => "fcm.token",
        BadAddress::ApnsToken => "apns.token",
    }
}

impl From<WriteError> for ChatError {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::NoSuchRoom => Self::NotFound("room"),
            WriteError::NoSuchUser => Self::NotFound("user"),
            WriteError::NoSuchMessage => Self::NotFound("message"),
            conflict @ (WriteError::IdTaken
            | WriteError::ClientIdElsewhere
            | WriteError::ClientIdSent
            | WriteError::TooManyRooms
            | WriteError::TooManyPlacedRooms
            | WriteError::TooManyBlocks
            | WriteError::TooManyKeys
            | WriteError::TooManyUploads
            | WriteError::TooManyPins
            | WriteError::TooManyEmojis
            | WriteError::TooManySaved
            | WriteError::TooManyScheduled
            | WriteError::TooManyToRemove
            | WriteError::IsStreaming
            | WriteError::NotStreaming
            | WriteError::TooManyReports
            | WriteError::TooManyBlocklists
            | WriteError::TooManyBlockedWords
            | WriteError::TooManyBlockedPatterns
            | WriteError::ReportDecided
            | WriteError::OwnerOfOthers) => Self::Conflict(conflict.to_string()),
            WriteError::UserBanned => Self::Forbidden(Denied::Banned),
            WriteError::Denied(denied) => denied.into(),
            WriteError::QuotaReached(reached) => reached.into(),
            WriteError::NoSuchAttachment => Self::NotFound("attachment"),
            WriteError::NoSuchReport => Self::NotFound("report"),
            WriteError::NoSuchBlocklist => Self::NotFound("list"),
            WriteError::NoSuchKey => Self::NotFound("key"),
            WriteError::NoSuchMember => Self::NotFound("member"),
            WriteError::NoSuchScheduled => Self::NotFound("scheduled message"),
            WriteError::Overloaded | WriteError::Database => Self::unavailable(),
            // Only `auth` submits refresh tokens.
            WriteError::RefreshRefused
            | WriteError::PasswordChanged
            | WriteError::OtherOrigin
            | WriteError::TokenTooOld => Self::Internal,
        }
    }
}

impl From<QuotaReached> for ChatError {
    fn from(reached: QuotaReached) -> Self {
        match reached {
            QuotaReached::Stored { most } => Self::TooLarge(format!(
                "your files would have more than the {most} bytes that one user may store; \
                 delete some of them or of the messages they belong to"
            )),
            QuotaReached::Daily { retry_after } => Self::Limited {
                what: "you have uploaded as many bytes as one user may in a day; wait a little"
                    .to_owned(),
                field: None,
                retry_after,
            },
        }
    }
}

impl From<Denied> for ChatError {
    fn from(denied: Denied) -> Self {
        match denied.retry_after() {
            Some(retry_after) => Self::Limited {
                what: denied.to_string(),
                // It is only there that one has to wait.
                field: Some("room_id"),
                retry_after,
            },
            None => Self::Forbidden(denied),
        }
    }
}

impl From<ReadError> for ChatError {
    fn from(_: ReadError) -> Self {
        Self::unavailable()
    }
}

impl From<&ChatError> for ErrorView<'_> {
    fn from(error: &ChatError) -> Self {
        let millis =
            |after: std::time::Duration| u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
        Self {
            code: error.code(),
            message: error.to_string().into(),
            field: error.field(),
            retry_after_ms: error.retry_after().map(millis),
        }
    }
}
