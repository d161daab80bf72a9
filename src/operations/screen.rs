//! What is said is looked through for what is in lists, before the application is asked about
//! it and before it is stored.

use std::sync::Arc;

use parlor_domain::{Blocklists, Room, Screened, screen};

use super::{ChatError, ChatServer, Requester};

/// A text that may be stored.
pub(super) struct Passed {
    /// In its place, if something of it is masked.
    pub masked: Option<Arc<str>>,
    /// It is reported to those who moderate.
    pub flagged: bool,
}

/// Looks through a text; the lists of the deployment are the first.
///
/// # Errors
/// It is refused by one of them.
pub(super) fn look_through(text: &str, lists: &[Arc<Blocklists>]) -> Result<Passed, ChatError> {
    match screen(text, lists.iter().map(|lists| &**lists)) {
        Screened::Passed { masked, flagged } => Ok(Passed { masked, flagged }),
        Screened::Refused(0) => Err(ChatError::Blocked),
        Screened::Refused(_) => Err(ChatError::BlockedInRoom),
    }
}

impl ChatServer {
    /// Whether what somebody says in a room is looked through: what the application says
    /// itself is not.
    pub(super) fn screens(&self, from: &Requester, room: &Room) -> bool {
        !from.is_service && self.settings.lists.concern(room)
    }

    /// Reads the deployment's lists again, which were changed elsewhere.
    pub fn read_blocklists(&mut self) {
        let (lists, reader) = (self.settings.lists.clone(), self.reader.clone());
        self.when(async move { lists.read_again(&reader).await }, |(), _| {});
    }
}
