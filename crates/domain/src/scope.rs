//! What a program of the application's may do.

use std::fmt;

/// A part of what an administrator may, which a program is given alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Make, change and delete rooms; add, change and remove members.
    Rooms,
    /// Describe, deactivate and delete users.
    Users,
    /// Send, change and delete messages, also as a user.
    Messages,
    /// Publish events.
    Events,
    /// Ban, mute and disconnect; delete messages, freeze rooms.
    Moderation,
}

impl Scope {
    pub const ALL: [Self; 5] =
        [Self::Rooms, Self::Users, Self::Messages, Self::Events, Self::Moderation];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rooms => "rooms",
            Self::Users => "users",
            Self::Messages => "messages",
            Self::Events => "events",
            Self::Moderation => "moderation",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text)
    }

    /// What a role that gives it begins with: `scope:rooms`.
    const ROLE: &str = "scope:";

    /// As it stands among the roles of a token or key.
    pub fn role(self) -> String {
        format!("{}{}", Self::ROLE, self.as_str())
    }

    /// The scope that a role gives.
    pub fn of_role(role: &str) -> Option<Self> {
        role.strip_prefix(Self::ROLE).and_then(Self::parse)
    }
}

/// The role that may do what any room's owner may.
pub const ADMIN: &str = "admin";

/// The role of the application's own backend: may publish events.
pub const SERVICE: &str = "service";

/// Whether a role gives rights beyond those of any user: only who has all of them gives
/// it or takes it away.
pub fn gives_rights(role: &str) -> bool {
    [ADMIN, SERVICE].contains(&role) || Scope::of_role(role).is_some()
}

/// Some of them.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Scopes(u8);

impl Scopes {
    pub fn has(self, scope: Scope) -> bool {
        self.0 & (1 << scope as u8) != 0
    }

    pub fn has_any(self, scopes: &[Scope]) -> bool {
        scopes.iter().any(|scope| self.has(*scope))
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |all, scope| all | 1 << scope as u8))
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(Scope::ALL.into_iter().filter(|scope| self.has(*scope))).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_gives_one_scope_or_none() {
        for scope in Scope::ALL {
            assert_eq!(Scope::of_role(&scope.role()), Some(scope));
            assert_eq!(Scope::of_role(scope.as_str()), None);
        }
        let scopes: Scopes = ["scope:rooms", "scope:x", "admin", "scope:events"]
            .into_iter()
            .filter_map(Scope::of_role)
            .collect();
        assert!(scopes.has(Scope::Rooms) && scopes.has(Scope::Events));
        assert!(!scopes.has_any(&[Scope::Users, Scope::Messages, Scope::Moderation]));
        assert!(Scopes::default().is_empty() && !scopes.is_empty());
    }
}
