//! What the application says of its users, also of those who never came.

use std::sync::Arc;

use parlor_domain::{Bar, Profile, ProfileChange, Timestamp, User, UserKey, gives_rights};
use parlor_macros::each_backend;

use super::{Concern, Conn, Effects, Write, WriteError, Written, bars::Barred, on, user::named};
use crate::Happened;

/// Makes users, or changes what is said of them.
#[derive(Clone, Debug)]
pub struct PutUsers {
    pub changes: Vec<ProfileChange>,
    /// Those that are not there are made; otherwise they are refused.
    pub creates: bool,
    pub at: Timestamp,
}

/// A user as they are then.
#[derive(Clone, Debug)]
pub struct PutUser {
    pub profile: Profile,
    pub is_new: bool,
    /// Something is not as it was.
    pub is_changed: bool,
    /// What those who had the id before have left.
    pub bar: Option<Bar>,
}

impl Write for PutUsers {
    /// In their order.
    type Outcome = Vec<PutUser>;

    fn concerns(&self) -> Vec<Concern> {
        self.changes.iter().flat_map(|change| named(&change.id)).collect()
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<Vec<PutUser>> {
        on!(conn, put, self)
    }

    fn effects(&self, put: &Vec<PutUser>, effects: &mut Effects) {
        for PutUser { profile, is_new, is_changed, bar } in put {
            let User { key, id, .. } = &profile.user;
            if bar.is_some() {
                effects.happened(|| Happened::Barred { user: key.0 });
            }
            if *is_changed && !is_new {
                effects.happened(|| Happened::user_changed(*key, id));
            }
        }
    }
}

/// A user may not come any more, or may again. Their memberships and what they wrote
/// stay.
#[derive(Clone, Copy, Debug)]
pub struct DeactivateUser {
    pub user: UserKey,
    /// `None`: they come back.
    pub since: Option<Timestamp>,
}

impl Write for DeactivateUser {
    type Outcome = Barred;

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::User(self.user)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<Barred> {
        on!(conn, deactivate, self)
    }

    fn effects(&self, barred: &Barred, effects: &mut Effects) {
        barred.effects(effects);
    }
}

#[each_backend]
pub mod backend {
    use diesel::{ExpressionMethods, JoinOnDsl, QueryDsl, QueryResult, RunQueryDsl};
    use rustc_hash::FxHashMap;

    use super::*;
    use crate::{
        backend::Conn,
        rows::profile::{ProfileRow, columns, encode_roles},
        schema::{user_bars, users},
        write::{
            bars::backend as bars, device::backend as device, user::backend as user,
            user_words::backend as words,
        },
    };

    pub(super) fn put(conn: &mut Conn, put: &PutUsers) -> Written<Vec<PutUser>> {
        let PutUsers { changes, creates, at } = put;
        let mut known = known(conn, changes)?;
        if !creates && changes.iter().any(|change| !known.contains_key(change.id.as_str())) {
            return Err(WriteError::NoSuchUser.into());
        }
        let mut done = Vec::with_capacity(changes.len());
        for change in changes {
            let (before, bar) = match known.get(change.id.as_str()) {
                Some(profile) => (profile.clone(), None),
                None => create(conn, change, *at)?,
            };
            let is_new = !known.contains_key(change.id.as_str());
            let profile = changed(&before, change);
            let is_changed = profile != before;
            let is_named = change.name.is_some();
            if is_changed || is_named {
                store(conn, &profile, is_named.then_some(*at))?;
            }
            if profile.user.name != before.user.name {
                let User { key, id, name, .. } = &profile.user;
                words::renew(conn, key.0, id.as_str(), name)?;
            }
            known.insert(change.id.as_str().to_owned(), profile.clone());
            done.push(PutUser { profile, is_new, is_changed, bar });
        }
        Ok(done)
    }

    fn known(
        conn: &mut Conn,
        changes: &[ProfileChange],
    ) -> QueryResult<FxHashMap<String, Profile>> {
        let ids: Vec<&str> = changes.iter().map(|change| change.id.as_str()).collect();
        let rows = users::table
            .left_join(user_bars::table.on(user_bars::user_key.eq(users::key)))
            .filter(users::id.eq_any(ids))
            .select(columns())
            .load::<ProfileRow>(conn)?;
        let profiles = rows.into_iter().map(Profile::from);
        Ok(profiles.map(|profile| (profile.user.id.as_str().to_owned(), profile)).collect())
    }

    fn create(
        conn: &mut Conn,
        change: &ProfileChange,
        at: Timestamp,
    ) -> QueryResult<(Profile, Option<Bar>)> {
        let name = change.name.as_deref().unwrap_or(change.id.as_str());
        let (user, bar) = user::begin_unseen(conn, &change.id, name, at)?;
        let (custom, roles, deactivated_at) = (None, Vec::new(), None);
        Ok((Profile { user, custom, roles, created_at: at, deactivated_at }, bar))
    }

    fn changed(before: &Profile, change: &ProfileChange) -> Profile {
        let ProfileChange { id: _, name, avatar, custom, roles, keeps_rights } = change;
        let mut profile = before.clone();
        let user = &mut profile.user;
        name.iter().for_each(|name| user.name = name.clone());
        avatar.iter().for_each(|avatar| user.avatar.clone_from(avatar));
        custom.iter().for_each(|custom| profile.custom.clone_from(custom));
        if let Some(roles) = roles {
            let is_kept = |role: &&Arc<str>| *keeps_rights && gives_rights(role);
            let kept = before.roles.iter().filter(is_kept).filter(|role| !roles.contains(role));
            profile.roles = roles.iter().chain(kept).cloned().collect();
        }
        profile
    }

    fn store(conn: &mut Conn, profile: &Profile, named_at: Option<Timestamp>) -> QueryResult<()> {
        let Profile { user: User { key, name, avatar, .. }, custom, roles, .. } = profile;
        diesel::update(users::table.find(key.0))
            .set((
                users::name.eq(&**name),
                users::avatar.eq(avatar.as_deref()),
                users::custom.eq(custom.as_deref()),
                users::roles.eq(encode_roles(roles)),
            ))
            .execute(conn)?;
        let Some(at) = named_at else { return Ok(()) };
        let row = diesel::update(users::table.find(key.0));
        row.set(users::named_at.eq(Some(at.0))).execute(conn).map(drop)
    }

    pub(super) fn deactivate(conn: &mut Conn, deactivate: &DeactivateUser) -> Written<Barred> {
        let DeactivateUser { user: of, since } = *deactivate;
        let Some(user) = user::find(conn, of)? else {
            return Err(WriteError::NoSuchUser.into());
        };
        let known = bars::bar(conn, of)?;
        if since.is_some() {
            device::forget_all(conn, of, None)?;
        }
        // Since the first time.
        let deactivated_at = since.map(|at| known.deactivated_at.unwrap_or(at));
        let bar = Bar { deactivated_at, ..known };
        bars::store(conn, of, &bar)?;
        Ok(Barred { user, bar })
    }
}
