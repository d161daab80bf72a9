//! Who asks, and what they may do in a room.

#![deny(clippy::wildcard_enum_match_arm)]

use std::sync::Arc;

use super::ChatError;
use crate::callbacks::{Grant, NO_REASON, Permission};
use parlor_domain::{
    Denied, Role, Room, RoomKind, RoomRules, SignIn, Standing, Timestamp, User, UserId, UserKey,
};

/// Who asks.
#[derive(Clone, Debug)]
pub struct Requester {
    pub user: User,
    /// May do what a room's owner may.
    pub is_admin: bool,
    /// Speaks for the application: may publish events.
    pub is_service: bool,
    /// May give others all rights.
    pub grants: bool,
    pub via: Via,
}

/// With what somebody was let in, as far as it can be revoked by itself.
#[derive(Clone, Debug, Default)]
pub struct Via {
    pub sign_in: Option<SignIn>,
    /// The token's `jti`.
    pub token_id: Option<Arc<str>>,
}

impl Via {
    /// By which it is revoked.
    pub fn revocation_id(&self) -> Option<Arc<str>> {
        self.sign_in.map(SignIn::revocation_id).or_else(|| self.token_id.clone())
    }
}

impl Requester {
    /// Nobody in particular: a look-up on behalf of the server itself.
    pub fn nobody() -> Self {
        Self::plain(Self::system().user)
    }

    /// Who asks for themselves, without any right of theirs.
    pub fn plain(user: User) -> Self {
        Self { user, is_admin: false, is_service: false, grants: false, via: Via::default() }
    }

    /// The server itself, which may ask anything.
    pub fn system() -> Self {
        let id = UserId::from_stored("");
        let user = User { key: UserKey(0), id, name: "".into(), avatar: None };
        Self { user, is_admin: true, is_service: true, grants: true, via: Via::default() }
    }
}

/// How a requester stands to a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    pub room: Arc<Room>,
    pub standing: Option<Standing>,
    pub is_admin: bool,
    /// What the application says of one who is no member, if it was asked.
    pub permission: Option<Permission>,
}

impl Access {
    /// The same, with what the application says of one who is no member.
    #[must_use]
    pub fn with(self, permission: Option<&Permission>) -> Self {
        Self { permission: permission.cloned(), ..self }
    }

    /// To a stranger a private room does not exist.
    pub fn visible(&self) -> Result<(), ChatError> {
        if self.standing.is_some() || self.is_admin {
            return Ok(());
        }
        let is_open = self.room.kind.is_open();
        match &self.permission {
            Some(Permission::Granted(_)) => Ok(()),
            Some(Permission::Banned) => Err(Denied::Banned.into()),
            Some(Permission::Undecided) => Err(ChatError::unavailable()),
            Some(Permission::Refused(Some(reason))) => Err(ChatError::Refused(reason.clone())),
            Some(Permission::Refused(None)) if is_open => Err(ChatError::Refused(NO_REASON.into())),
            None | Some(Permission::OwnRules) if is_open => Ok(()),
            None | Some(Permission::Refused(None) | Permission::OwnRules) => {
                Err(ChatError::NotFound("room"))
            }
        }
    }

    fn check(
        &self,
        rule: impl FnOnce(&Standing, &Room) -> Result<(), Denied>,
    ) -> Result<(), ChatError> {
        self.visible()?;
        let standing = self.standing.ok_or(Denied::Stranger)?;
        Ok(rule(&standing, &self.room)?)
    }

    pub fn member(&self) -> Result<(), ChatError> {
        self.check(|_, _| Ok(()))
    }

    /// Whether one acts by the right of an administrator, which is an owner's.
    /// A room of two has no owner: only the two speak there.
    pub fn as_admin(&self) -> bool {
        match self.room.kind {
            RoomKind::Public | RoomKind::Private | RoomKind::Announcement => self.is_admin,
            RoomKind::Direct => false,
        }
    }

    /// The room's rules, as far as they concern the requester.
    pub fn rules(&self) -> RoomRules {
        if self.as_admin() { RoomRules::default() } else { self.room.rules }
    }

    pub fn may_write(&self, now: Timestamp) -> Result<(), ChatError> {
        if self.as_admin() {
            return Ok(());
        }
        self.check(|standing, room| standing.may_write(room.kind, room.rules, now))
    }

    pub fn may_take_part(&self, now: Timestamp) -> Result<(), ChatError> {
        self.check(|standing, room| standing.may_react(room.rules, now))
    }

    /// Who may read: members, administrators, and whom the application lets.
    pub fn reader(&self) -> Result<(), ChatError> {
        if self.is_admin || self.grant().is_some() { Ok(()) } else { self.member() }
    }

    /// Who may hear what happens in a room: members, and whom the application lets.
    pub fn listener(&self) -> Result<(), ChatError> {
        if self.grant().is_some() { Ok(()) } else { self.member() }
    }

    /// What lets one who is no member read.
    pub fn grant(&self) -> Option<Grant> {
        let permission = self.permission.as_ref().filter(|_| self.standing.is_none());
        permission.and_then(Permission::grant)
    }

    /// Who keeps order in a room; nobody does in a direct one.
    pub fn moderator(&self) -> Result<(), ChatError> {
        self.with_role(Role::Moderator, Denied::NotModerator)
    }

    pub fn owner(&self) -> Result<(), ChatError> {
        self.with_role(Role::Owner, Denied::NotOwner)
    }

    fn with_role(&self, role: Role, denied: Denied) -> Result<(), ChatError> {
        if self.is_admin {
            return Ok(());
        }
        self.check(|standing, room| match room.kind {
            RoomKind::Direct => Err(Denied::Direct),
            RoomKind::Public | RoomKind::Private | RoomKind::Announcement => {
                if standing.role >= role { Ok(()) } else { Err(denied) }
            }
        })
    }

    /// What only administrators do; to a stranger a private room does not exist
    /// all the same.
    pub fn administrator(&self) -> Result<(), ChatError> {
        if self.is_admin {
            return Ok(());
        }
        self.visible()?;
        Err(Denied::NotAdmin.into())
    }

    /// The same for the application's services.
    pub fn service(&self, from: &Requester) -> Result<(), ChatError> {
        if from.is_service {
            return Ok(());
        }
        self.visible()?;
        Err(Denied::NotService.into())
    }

    /// Members may stay, others come in where it is open, or as the application says.
    pub fn may_join(&self) -> Result<(), ChatError> {
        self.visible()?;
        match self.grant() {
            Some(Grant { may_join: false, .. }) if !self.is_admin => Err(Denied::ReadOnly.into()),
            Some(_) | None => Ok(()),
        }
    }

    /// The role that decides whom its bearer may manage; none does for an
    /// administrator.
    pub fn by(&self) -> Option<Role> {
        if self.is_admin { None } else { self.standing.map(|standing| standing.role) }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn access(kind: RoomKind, role: Option<Role>, is_admin: bool) -> Access {
        let room = Arc::new(Room::sample(1, kind));
        Access { room, standing: role.map(Standing::new), is_admin, permission: None }
    }

    #[test]
    fn what_the_application_says_decides_for_who_is_no_member() {
        let says = |kind, permission: &Permission| Access {
            permission: Some(permission.clone()),
            ..access(kind, None, false)
        };
        let granted = |may_join| Permission::Granted(Grant { may_join, until: Instant::now() });
        let (join, read) = (granted(true), granted(false));
        for kind in [RoomKind::Public, RoomKind::Private, RoomKind::Announcement] {
            let (joins, reads) = (says(kind, &join), says(kind, &read));
            assert!(joins.may_join().is_ok() && joins.reader().is_ok() && joins.listener().is_ok());
            assert!(reads.visible().is_ok() && reads.reader().is_ok() && reads.listener().is_ok());
            assert_eq!(reads.may_join(), Err(Denied::ReadOnly.into()));
            assert!(joins.member().is_err() && joins.may_write(Timestamp(0)).is_err());
            let refused = says(kind, &Permission::Refused(Some("no".into())));
            assert_eq!(refused.may_join(), Err(ChatError::Refused("no".into())));
            assert_eq!(refused.reader(), Err(ChatError::Refused("no".into())));
            let undecided = says(kind, &Permission::Undecided);
            assert_eq!(undecided.may_join(), Err(ChatError::unavailable()));
            assert_eq!(undecided.listener(), Err(ChatError::unavailable()));
        }
        let missing = ChatError::NotFound("room");
        for permission in [Permission::Refused(None), Permission::OwnRules] {
            let private = says(RoomKind::Private, &permission);
            assert_eq!(private.may_join(), Err(missing.clone()), "{permission:?}");
            assert_eq!(private.reader(), Err(missing.clone()), "{permission:?}");
        }
        let own_rules = says(RoomKind::Public, &Permission::OwnRules);
        assert!(own_rules.may_join().is_ok() && own_rules.reader().is_err());
        let refused = says(RoomKind::Public, &Permission::Refused(None));
        assert_eq!(refused.may_join(), Err(ChatError::Refused(NO_REASON.into())));
        let member = Access {
            permission: Some(read),
            ..access(RoomKind::Private, Some(Role::Member), false)
        };
        assert!(member.may_join().is_ok() && member.grant().is_none(), "a member is one");
    }

    #[test]
    fn a_private_room_does_not_exist_for_strangers() {
        let stranger = access(RoomKind::Private, None, false);
        for refused in [stranger.member(), stranger.owner(), stranger.may_join(), stranger.reader()]
        {
            assert_eq!(refused, Err(ChatError::NotFound("room")));
        }
    }

    #[test]
    fn a_public_room_is_open_to_join_and_closed_to_all_else() {
        let stranger = access(RoomKind::Public, None, false);
        assert!(stranger.may_join().is_ok());
        assert!(matches!(stranger.member(), Err(ChatError::Forbidden(_))));
        assert!(matches!(stranger.owner(), Err(ChatError::Forbidden(_))));
    }

    #[test]
    fn nobody_keeps_order_in_a_direct_room() {
        let member = access(RoomKind::Direct, Some(Role::Member), false);
        assert_eq!(member.owner(), Err(Denied::Direct.into()));
        assert_eq!(member.moderator(), Err(Denied::Direct.into()));
    }

    #[test]
    fn a_member_is_no_owner_and_an_admin_may_do_what_an_owner_may() {
        let member = access(RoomKind::Private, Some(Role::Member), false);
        assert!(member.member().is_ok());
        assert!(matches!(member.owner(), Err(ChatError::Forbidden(_))));
        let admin = access(RoomKind::Private, None, true);
        assert!(admin.owner().is_ok());
        assert!(admin.reader().is_ok());
        assert!(admin.may_write(Timestamp(0)).is_ok(), "as an owner may");
        assert!(admin.member().is_err(), "there is no mark of one who is no member");
        let of_others = access(RoomKind::Direct, None, true);
        assert!(of_others.may_write(Timestamp(0)).is_err(), "only the two speak there");
    }
}
