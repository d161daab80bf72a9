use std::sync::Arc;

use super::{Timestamp, UserId, UserKey};

/// Someone who chats, as others see them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub key: UserKey,
    pub id: UserId,
    /// What others see; the id where the user gave no name.
    pub name: Arc<str>,
    /// The URL of their picture.
    pub avatar: Option<Arc<str>>,
}

impl User {
    /// Whether they are shown alike. Nearly always the texts are the very same.
    pub fn looks_as(&self, other: &Self) -> bool {
        let is_same = |one: &Arc<str>, other: &Arc<str>| Arc::ptr_eq(one, other) || one == other;
        is_same(&self.name, &other.name) && self.avatar == other.avatar
    }
}

/// All that is known of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    pub user: User,
    /// A JSON object of the application's own.
    pub custom: Option<Arc<str>>,
    /// Those that the user has besides those of their tokens.
    pub roles: Vec<Arc<str>>,
    pub created_at: Timestamp,
    /// Since when they may not come.
    pub deactivated_at: Option<Timestamp>,
}

/// What the application says of a user; `None`: that stays as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileChange {
    pub id: UserId,
    pub name: Option<Arc<str>>,
    pub avatar: Option<Option<Arc<str>>>,
    pub custom: Option<Option<Arc<str>>>,
    pub roles: Option<Vec<Arc<str>>>,
    /// Roles that give rights stay, because who says this may not take them away.
    pub keeps_rights: bool,
}

impl ProfileChange {
    /// Nothing but that there is such a user.
    pub fn none(id: UserId) -> Self {
        Self { id, name: None, avatar: None, custom: None, roles: None, keeps_rights: true }
    }
}

/// Whether the name in a token counts. Once the application has said what a user is
/// called, tokens that it made before that say nothing new; one that does not say when
/// it was made may be one of those.
pub fn is_newer_name(named_at: Option<Timestamp>, issued_at: Option<Timestamp>) -> bool {
    named_at.is_none_or(|named| issued_at.is_some_and(|issued| issued > named))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_on_a_name_counts() {
        let at = |ms| Some(Timestamp(ms));
        for (named, issued, counts) in [
            (None, None, true),
            (None, at(1), true),
            (at(5), None, false),
            (at(5), at(5), false),
            (at(5), at(6), true),
        ] {
            assert_eq!(is_newer_name(named, issued), counts, "{named:?} {issued:?}");
        }
    }
}
