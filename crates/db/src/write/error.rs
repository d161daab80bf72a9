//! Why a write did nothing.

use diesel::result::Error;
use parlor_domain::{Denied, QuotaReached};

/// What a write comes to inside its transaction.
pub type Written<T> = Result<T, Failure>;

/// Why it comes to nothing.
#[derive(Debug)]
pub enum Failure {
    /// It may not be; the others of its batch go on.
    Refused(WriteError),
    /// The database failed, and the whole transaction with it.
    Database(Error),
}

impl From<WriteError> for Failure {
    fn from(refused: WriteError) -> Self {
        Self::Refused(refused)
    }
}

impl From<Denied> for WriteError {
    fn from(denied: Denied) -> Self {
        Self::Denied(denied)
    }
}

impl From<Denied> for Failure {
    fn from(denied: Denied) -> Self {
        Self::Refused(WriteError::Denied(denied))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Database(error)
    }
}

/// Tells a refusal, which is an answer, from a failure of the database.
pub(super) fn settled<T>(written: Written<T>) -> Result<Result<T, WriteError>, Error> {
    match written {
        Ok(outcome) => Ok(Ok(outcome)),
        Err(Failure::Refused(refused)) => Ok(Err(refused)),
        Err(Failure::Database(error)) => Err(error),
    }
}

/// Why a write did nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    #[error("the room does not exist")]
    NoSuchRoom,
    #[error("the user does not exist")]
    NoSuchUser,
    #[error("the message does not exist in this room")]
    NoSuchMessage,
    #[error("there is no such list")]
    NoSuchBlocklist,
    #[error("there are as many lists here as there may be; delete one first")]
    TooManyBlocklists,
    #[error("the lists here would have more words together than they may")]
    TooManyBlockedWords,
    #[error("the lists here would have more patterns together than they may")]
    TooManyBlockedPatterns,
    #[error("the message is still being written; finish it first")]
    IsStreaming,
    #[error("the message is not being written any more")]
    NotStreaming,
    #[error("the id is taken")]
    IdTaken,
    #[error("the client_id was used in another room")]
    ClientIdElsewhere,
    #[error("a message with this client_id was sent already")]
    ClientIdSent,
    #[error("the user is in as many rooms as allowed")]
    TooManyRooms,
    #[error("others have added this user to as many rooms as allowed; the user can still join")]
    TooManyPlacedRooms,
    #[error("you have blocked as many users as allowed")]
    TooManyBlocks,
    #[error("the last owner of a room must first make another member its owner")]
    OwnerOfOthers,
    #[error("the room has more members than one request can remove; remove some of them first")]
    TooManyToRemove,
    #[error("you have reported as much as allowed that is not decided yet")]
    TooManyReports,
    #[error("the report does not exist")]
    NoSuchReport,
    #[error("the report has been decided already")]
    ReportDecided,
    #[error("{0}")]
    Denied(Denied),
    #[error("the user is not a member of this room")]
    NoSuchMember,
    #[error("the user is banned from this room")]
    UserBanned,
    #[error("the attachment does not exist, or is not yours to use")]
    NoSuchAttachment,
    #[error("you have as many unsent uploads as allowed")]
    TooManyUploads,
    #[error("the user has stored as many bytes of files as allowed")]
    QuotaReached(QuotaReached),
    #[error("there are as many API keys as allowed")]
    TooManyKeys,
    #[error("the key does not exist, or has already been revoked")]
    NoSuchKey,
    #[error("the room has as many pinned messages as allowed")]
    TooManyPins,
    #[error("you have saved as many messages as allowed; take some of them away first")]
    TooManySaved,
    #[error("you have scheduled as many messages as allowed; cancel some of them first")]
    TooManyScheduled,
    #[error("the message is not scheduled any more, or is not yours")]
    NoSuchScheduled,
    #[error("the message has as many different reactions as allowed")]
    TooManyEmojis,
    #[error("the refresh token is unknown, expired, used or revoked")]
    RefreshRefused,
    #[error("the password has been changed, or the user deleted")]
    PasswordChanged,
    #[error("the user belongs to another origin")]
    OtherOrigin,
    #[error("the token belongs to a user who had this id before")]
    TokenTooOld,
    #[error("too many writes are waiting")]
    Overloaded,
    /// Logged where it happened; the text is not for users.
    #[error("the database failed")]
    Database,
}
