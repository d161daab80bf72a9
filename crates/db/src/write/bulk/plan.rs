//! What is done about each of many members, and who is refused: decided from what
//! was read of all of them.

use parlor_domain::{Denied, Role, UserKey};
use rustc_hash::{FxHashMap, FxHashSet};

use super::WantedMember;
use crate::WriteError;

/// What the transaction has read.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// Nobody has to own the room.
    pub ownerless: bool,
    /// The role of who does it, if that decides.
    pub by: Option<Role>,
    /// Those named who have not been deleted.
    pub living: FxHashSet<UserKey>,
    /// Members who are named; all of them where those who are not named go.
    pub there: FxHashMap<UserKey, Role>,
    /// Why some may not come in.
    pub barred: FxHashMap<UserKey, WriteError>,
    pub members: i64,
    pub owners: i64,
}

/// What is done.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// `None`: as what the user would come anyway.
    pub added: Vec<(UserKey, Option<Role>)>,
    pub updated: Vec<(UserKey, Role)>,
    pub removed: Vec<UserKey>,
    pub refused: Vec<(UserKey, WriteError)>,
}

impl Facts {
    /// Those who are there already stay as they are, unless `exactly`: then they get
    /// the role that is named.
    pub fn plan(mut self, wanted: &[WantedMember], gone: &[UserKey], exactly: bool) -> Plan {
        let mut plan = Plan::default();
        let mut demoted = Vec::new();
        for WantedMember { user, role } in wanted {
            match (self.there.get(user).copied(), role) {
                (None, _) => match self.may_come(*user, *role) {
                    Ok(()) => plan.added.push((*user, *role)),
                    Err(refused) => plan.refused.push((*user, refused)),
                },
                (Some(known), Some(role)) if exactly && *role != known => {
                    // Roles are for owners to give.
                    if self.by.is_some_and(|by| by < Role::Owner) {
                        plan.refused.push((*user, Denied::NotOwner.into()));
                    } else if known == Role::Owner {
                        demoted.push((*user, *role));
                    } else {
                        self.owners += i64::from(*role == Role::Owner);
                        plan.updated.push((*user, *role));
                    }
                }
                (Some(_), _) => {}
            }
        }
        let new_owners = plan.added.iter().filter(|(_, role)| *role == Some(Role::Owner)).count();
        self.owners += i64::try_from(new_owners).unwrap_or(0);
        self.inherit(&mut plan);
        self.demote(demoted, &mut plan);
        self.remove(gone, &mut plan);
        plan
    }

    fn may_come(&self, user: UserKey, role: Option<Role>) -> Result<(), WriteError> {
        if !self.living.contains(&user) {
            return Err(WriteError::NoSuchUser);
        }
        if let Some(barred) = self.barred.get(&user) {
            return Err(barred.clone());
        }
        let names_role = role.is_some_and(|role| role != Role::Member);
        match names_role && self.by.is_some_and(|by| by < Role::Owner) {
            true => Err(Denied::NotOwner.into()),
            false => Ok(()),
        }
    }

    /// Whoever comes first into a room that all have left is its owner.
    fn inherit(&mut self, plan: &mut Plan) {
        if self.members == 0
            && self.owners == 0
            && !self.ownerless
            && let Some((_, role)) = plan.added.first_mut()
        {
            *role = Some(Role::Owner);
            self.owners = 1;
        }
        self.members += i64::try_from(plan.added.len()).unwrap_or(0);
    }

    fn demote(&mut self, demoted: Vec<(UserKey, Role)>, plan: &mut Plan) {
        for (user, role) in demoted {
            if self.owners == 1 && !self.ownerless {
                plan.refused.push((user, WriteError::OwnerOfOthers));
            } else {
                self.owners -= 1;
                plan.updated.push((user, role));
            }
        }
    }

    /// Owners go last: the last one may go when all others have gone.
    fn remove(&mut self, gone: &[UserKey], plan: &mut Plan) {
        let role_of = |user: &UserKey| self.there.get(user).copied();
        let (owners, others): (Vec<UserKey>, Vec<UserKey>) =
            gone.iter().partition(|user| role_of(user) == Some(Role::Owner));
        for user in others.into_iter().chain(owners) {
            let removed = match self.there.get(&user).copied() {
                None if self.living.contains(&user) => Err(WriteError::NoSuchMember),
                None => Err(WriteError::NoSuchUser),
                Some(role) if self.by.is_some_and(|by| !by.manages(role)) => {
                    Err(Denied::Outranked.into())
                }
                Some(Role::Owner) if self.owners == 1 && self.members > 1 && !self.ownerless => {
                    Err(WriteError::OwnerOfOthers)
                }
                Some(role) => {
                    self.owners -= i64::from(role == Role::Owner);
                    self.members -= 1;
                    Ok(())
                }
            };
            match removed {
                Ok(()) => plan.removed.push(user),
                Err(refused) => plan.refused.push((user, refused)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn user(key: i64) -> UserKey {
        UserKey(key)
    }

    /// A room with these members, and users up to 9.
    fn facts(by: Option<Role>, there: &[(i64, Role)]) -> Facts {
        let there: FxHashMap<_, _> = there.iter().map(|(key, role)| (user(*key), *role)).collect();
        let owners = there.values().filter(|role| **role == Role::Owner).count();
        Facts {
            by,
            living: (1..=9).map(user).collect(),
            members: i64::try_from(there.len()).expect("few"),
            owners: i64::try_from(owners).expect("few"),
            there,
            ..Facts::default()
        }
    }

    fn wanted(all: &[(i64, Option<Role>)]) -> Vec<WantedMember> {
        all.iter().map(|(key, role)| WantedMember { user: user(*key), role: *role }).collect()
    }

    #[test]
    fn who_is_new_comes_and_who_is_there_stays_as_they_are() {
        let there = [(1, Role::Owner), (2, Role::ReadOnly)];
        let all =
            wanted(&[(2, Some(Role::Member)), (3, None), (4, Some(Role::Moderator)), (99, None)]);
        let plan = facts(None, &there).plan(&all, &[], false);
        assert_eq!(plan.added, [(user(3), None), (user(4), Some(Role::Moderator))]);
        assert_eq!(plan.refused, [(user(99), WriteError::NoSuchUser)]);
        assert_eq!((plan.updated, plan.removed), (vec![], vec![]));
        // A moderator gives no roles, and does not remove who is not below.
        let plan = facts(Some(Role::Moderator), &there).plan(&all, &[user(1), user(2)], false);
        assert_eq!(plan.added, [(user(3), None)]);
        assert_eq!(plan.removed, [user(2)]);
        let denied = |key, denied: Denied| (user(key), WriteError::from(denied));
        assert_eq!(plan.refused[0], denied(4, Denied::NotOwner));
        assert_eq!(plan.refused[2], denied(1, Denied::Outranked));
    }

    #[test]
    fn a_room_with_members_never_loses_its_last_owner() {
        let there = [(1, Role::Owner), (2, Role::Owner), (3, Role::Member)];
        let plan = facts(None, &there).plan(&[], &[user(1), user(2)], false);
        assert_eq!(plan.removed, [user(1)]);
        assert_eq!(plan.refused, [(user(2), WriteError::OwnerOfOthers)]);
        let all = [user(1), user(2), user(3)];
        let plan = facts(None, &there).plan(&[], &all, false);
        assert_eq!(plan.removed, [user(3), user(1), user(2)], "all of them may go");
        // Another one becomes the owner in the same request.
        let (member, owner) = (Some(Role::Member), Some(Role::Owner));
        let plan = facts(None, &there).plan(&wanted(&[(3, owner)]), &all[..2], true);
        assert_eq!((plan.removed, plan.refused), (vec![user(1), user(2)], vec![]));
        let roles = wanted(&[(1, member), (2, member), (3, None)]);
        let plan = facts(None, &there).plan(&roles, &[], true);
        assert_eq!(plan.updated, [(user(1), Role::Member)]);
        assert_eq!(plan.refused, [(user(2), WriteError::OwnerOfOthers)]);
        let ownerless = Facts { ownerless: true, ..facts(None, &there) };
        let plan = ownerless.plan(&roles, &[], true);
        assert_eq!((plan.updated.len(), plan.refused.len()), (2, 0));
    }

    #[test]
    fn the_first_who_comes_into_an_empty_room_owns_it_unless_nobody_has_to() {
        let both = wanted(&[(1, None), (2, None)]);
        let plan = facts(None, &[]).plan(&both, &[], false);
        assert_eq!(plan.added, [(user(1), Some(Role::Owner)), (user(2), None)]);
        let named = wanted(&[(1, None), (2, Some(Role::Owner))]);
        let plan = facts(None, &[]).plan(&named, &[], false);
        assert_eq!(plan.added, [(user(1), None), (user(2), Some(Role::Owner))]);
        let ownerless = Facts { ownerless: true, ..facts(None, &[]) };
        assert_eq!(ownerless.plan(&both, &[], false).added[0], (user(1), None));
    }

    #[test]
    fn who_is_barred_or_no_member_is_told_why() {
        let mut room = facts(None, &[(1, Role::Owner)]);
        room.barred.insert(user(2), WriteError::UserBanned);
        let plan = room.plan(&wanted(&[(2, None)]), &[user(3), user(99)], false);
        let refused = [
            (user(2), WriteError::UserBanned),
            (user(3), WriteError::NoSuchMember),
            (user(99), WriteError::NoSuchUser),
        ];
        assert_eq!(plan.refused, refused);
    }
}
