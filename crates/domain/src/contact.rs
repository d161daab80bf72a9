//! Who may add whom to a room: a setting of the deployment. And how many rooms
//! a user may be in by their own doing, and by that of others.

use super::{Denied, UserKey};

/// Who may put a user into a room, open a direct room with them, and see
/// whether they are there. The application's own backend always may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Contact {
    #[default]
    Anyone,
    /// Those who are in a room with the user already.
    Shared,
    /// Nobody but the application's backend.
    Backend,
}

/// Who brings a user into a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adder {
    /// They come themselves.
    Oneself,
    Other(UserKey),
    /// A service or an administrator of the application.
    Backend,
}

/// In how many rooms a user may be. What others do has bounds of its own, so
/// that it never takes a place of what the user does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoomBounds {
    /// Rooms that the user made, joined or opened; and apart from those, as
    /// many that the application put them into.
    pub own: i64,
    /// Rooms that other users put them into.
    pub placed: i64,
    /// Of these the ones by one and the same user.
    pub placed_by_one: i64,
    pub contact: Contact,
}

impl Contact {
    const ALL: [Self; 3] = [Self::Anyone, Self::Shared, Self::Backend];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Anyone => "anyone",
            Self::Shared => "shared",
            Self::Backend => "backend",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|contact| contact.as_str() == text)
    }

    /// Whether one user may bring another into a room.
    pub fn lets_in(self, shares_a_room: bool) -> Result<(), Denied> {
        match self {
            Self::Anyone => Ok(()),
            Self::Shared if shares_a_room => Ok(()),
            Self::Shared => Err(Denied::SharesNoRoom),
            Self::Backend => Err(Denied::NotBackend),
        }
    }

    /// Whether one user may see if another is there. Who shares a room hears
    /// that in it; who could open a room with them need not be kept from it.
    pub fn lets_see(self, shares_a_room: bool) -> bool {
        match self {
            Self::Anyone => true,
            Self::Shared | Self::Backend => shares_a_room,
        }
    }
}

impl Adder {
    /// What is stored of a membership: `None` for one of the member's own.
    pub fn stored(self) -> Option<i64> {
        match self {
            Self::Oneself => None,
            Self::Other(user) => Some(user.0),
            // No user has this key.
            Self::Backend => Some(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_says_who_brings_whom_into_a_room() {
        assert_eq!(Contact::Anyone.lets_in(false), Ok(()));
        assert_eq!(Contact::Shared.lets_in(true), Ok(()));
        assert_eq!(Contact::Shared.lets_in(false), Err(Denied::SharesNoRoom));
        assert_eq!(Contact::Backend.lets_in(true), Err(Denied::NotBackend));
    }

    #[test]
    fn presence_is_for_who_could_open_a_room_or_shares_one() {
        assert!(Contact::Anyone.lets_see(false));
        for contact in [Contact::Shared, Contact::Backend] {
            assert!(contact.lets_see(true) && !contact.lets_see(false));
        }
    }

    #[test]
    fn a_rule_is_known_by_its_name() {
        for contact in Contact::ALL {
            assert_eq!(Contact::parse(contact.as_str()), Some(contact));
        }
        assert_eq!(Contact::parse("nobody"), None);
    }
}
