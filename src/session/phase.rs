//! Where a session stands between the handshake and its end.

use crate::auth::Identity;

/// A session's phase. Pure: the actor acts on it.
#[derive(Debug)]
pub(super) enum Phase {
    /// No token yet: the first frame must bring one.
    AwaitingToken,
    /// The first token is being checked.
    CheckingToken,
    /// The session is somebody's.
    Live(Live),
    /// It is being closed; whatever still comes is ignored.
    Closed,
}

/// An authenticated session.
#[derive(Debug)]
pub(super) struct Live {
    pub identity: Identity,
    /// It has not said yet what it has.
    pub owes_resume: bool,
    /// A new token is being checked.
    pub renewing: bool,
    /// Its token has expired, and there is a little time for a new one.
    pub in_grace: bool,
}

impl Phase {
    pub fn live(identity: Identity, owes_resume: bool) -> Self {
        Self::Live(Live { identity, owes_resume, renewing: false, in_grace: false })
    }
}
