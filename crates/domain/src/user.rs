use std::sync::Arc;

use super::{UserId, UserKey};

/// Someone who chats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub key: UserKey,
    pub id: UserId,
    /// What others see; the id where the user gave no name.
    pub name: Arc<str>,
}
