//! Users and their passwords' hashes.

use std::sync::Arc;

use parlor_domain::{Adopted, Bar, Timestamp, User, UserId, UserKey, UserOrigin, is_newer_name};
use parlor_macros::each_backend;
use sha2::{Digest, Sha256};

use super::{Concern, Conn, Effects, WebhookEvent, Write, WriteError, Written, on};
use crate::Happened;

/// Finds or makes the row of a user whose credentials were good; a changed
/// name is taken over.
#[derive(Clone, Debug)]
pub struct SeenUser {
    pub id: UserId,
    /// `None`: the name that is known stays.
    pub name: Option<Arc<str>>,
    /// Who answers for them.
    pub origin: UserOrigin,
    /// When the token was made, if it says so.
    pub issued_at: Option<Timestamp>,
    /// Whose users become this origin's.
    pub adopted: Adopted,
    pub at: Timestamp,
}

/// A user who was found or made.
#[derive(Clone, Debug)]
pub struct FoundUser {
    pub user: User,
    /// What makes tokens void, such as those of who had the id before.
    pub bar: Option<Bar>,
    /// Another origin had the user.
    pub adopted: bool,
    /// Their token says that they are called otherwise than before.
    pub renamed: bool,
    /// Those that are kept here.
    pub roles: Vec<Arc<str>>,
    /// When the application has last said what they are called.
    pub named_at: Option<Timestamp>,
}

impl FoundUser {
    fn new(user: User, bar: Option<Bar>) -> Self {
        let (adopted, renamed, roles, named_at) = (false, false, Vec::new(), None);
        Self { user, bar, adopted, renamed, roles, named_at }
    }

    fn effects(&self, effects: &mut Effects) {
        if self.bar.is_some() {
            effects.happened(|| Happened::Barred { user: self.user.key.0 });
        }
        if self.renamed {
            effects.happened(|| Happened::user_changed(self.user.key, &self.user.id));
        } else if self.adopted {
            effects.happened(|| Happened::adopted(&self.user.id));
        }
    }
}

/// Two ids that differ in case alone exclude each other, too.
pub(super) fn named(id: &UserId) -> Vec<Concern> {
    vec![Concern::name("user", id.as_str().to_ascii_lowercase())]
}

impl Write for SeenUser {
    type Outcome = FoundUser;

    fn concerns(&self) -> Vec<Concern> {
        named(&self.id)
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<FoundUser> {
        on!(conn, ensure, self)
    }

    fn effects(&self, found: &FoundUser, effects: &mut Effects) {
        found.effects(effects);
    }
}

/// Somebody makes an account.
#[derive(Clone, Debug)]
pub struct RegisterUser {
    pub id: UserId,
    pub name: Arc<str>,
    pub password_hash: String,
    pub at: Timestamp,
}

impl Write for RegisterUser {
    type Outcome = FoundUser;

    fn concerns(&self) -> Vec<Concern> {
        named(&self.id)
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<FoundUser> {
        on!(conn, register, self)
    }

    fn effects(&self, found: &FoundUser, effects: &mut Effects) {
        found.effects(effects);
    }
}

/// A user has come or gone.
#[derive(Clone, Copy, Debug)]
pub struct SetPresence {
    pub user: UserKey,
    pub online: bool,
    pub at: Timestamp,
}

impl Write for SetPresence {
    type Outcome = ();

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::User(self.user)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<()> {
        // Who has gone was there until now.
        if self.online { Ok(()) } else { on!(conn, seen, &[(self.user, self.at)]) }
    }

    fn effects(&self, (): &(), effects: &mut Effects) {
        let kind = if self.online { "user.online" } else { "user.offline" };
        effects.webhook(|| WebhookEvent::of_user(kind, self.user));
    }
}

/// When users were last there, as the server stops.
#[derive(Clone, Debug)]
pub struct NoteSeen(pub Vec<(UserKey, Timestamp)>);

impl Write for NoteSeen {
    type Outcome = ();

    fn concerns(&self) -> Vec<Concern> {
        Vec::new()
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<()> {
        on!(conn, seen, &self.0)
    }

    fn effects(&self, (): &(), _: &mut Effects) {}
}

/// What an id is known by when its user is deleted.
pub(super) fn id_hash(id: &UserId) -> Vec<u8> {
    Sha256::digest(id.as_str().as_bytes()).to_vec()
}

#[each_backend]
pub mod backend {
    use diesel::{
        BoolExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl, QueryResult,
        RunQueryDsl, dsl::exists, select,
    };

    use super::*;
    use crate::{
        backend::Conn,
        functions::lower,
        rows::{
            profile::decode_roles,
            user::{UserRow, columns},
        },
        schema::users,
        write::{bars::backend as bars, user_words::backend as words},
    };

    /// A user who has not been deleted: who looked them up did so before this
    /// transaction, and what is left of a deleted one is nobody to act on.
    pub fn find(conn: &mut Conn, user: UserKey) -> QueryResult<Option<User>> {
        let living = users::table.find(user.0).filter(users::deleted_at.is_null());
        let row = living.select(columns()).first::<UserRow>(conn).optional()?;
        Ok(row.map(User::from))
    }

    /// A user as they were found, and who answers for them.
    fn find_by_id(
        conn: &mut Conn,
        id: &UserId,
    ) -> QueryResult<Option<(FoundUser, Option<UserOrigin>)>> {
        let row = users::table.filter(users::id.eq(id.as_str())).select((
            columns(),
            users::origin,
            users::roles,
            users::named_at,
        ));
        type Row = (UserRow, Option<String>, Option<String>, Option<i64>);
        let row = row.first::<Row>(conn).optional()?;
        Ok(row.map(|(user, origin, roles, named_at)| {
            let (roles, named_at) = (decode_roles(roles.as_deref()), named_at.map(Timestamp));
            let found = FoundUser { roles, named_at, ..FoundUser::new(user.into(), None) };
            (found, origin.as_deref().and_then(UserOrigin::from_stored))
        }))
    }

    /// The row of a user whose credentials were good; made on first sight. What
    /// comes from another origin than the user does is about somebody else.
    pub fn ensure(conn: &mut Conn, seen: &SeenUser) -> Written<FoundUser> {
        let SeenUser { id, name, origin, issued_at, adopted, at } = seen;
        let Some((mut found, known)) = find_by_id(conn, id)? else {
            return begin(conn, seen);
        };
        let adopts = |known: &UserOrigin| *origin != UserOrigin::Account && adopted.has(known);
        let is_adopted = match &known {
            Some(known) if known == origin => {
                // Somebody else may have made them just now, over an id of before.
                let bar = bars::bar(conn, found.user.key)?;
                found.bar = (bar.tokens_after > Timestamp(0)).then_some(bar);
                false
            }
            Some(known) if !adopts(known) => return Err(WriteError::OtherOrigin.into()),
            // An account has told so when it was made.
            None if *origin == UserOrigin::Account => return Err(WriteError::OtherOrigin.into()),
            Some(_) | None => {
                found.bar = bar_of_unseen(conn, &found, known.as_ref(), *issued_at)?;
                diesel::update(users::table.find(found.user.key.0))
                    .set((
                        users::origin.eq(&*origin.to_text()),
                        users::password_hash.eq(None::<String>),
                    ))
                    .execute(conn)?;
                bars::end_all(conn, found.user.key, None, *at)?;
                true
            }
        };
        found.adopted = is_adopted && known.is_some();
        let is_news =
            |name: &&str| **name != *found.user.name && is_newer_name(found.named_at, *issued_at);
        if let Some(name) = name.as_deref().filter(is_news) {
            rename(conn, &mut found.user, name)?;
            found.renamed = true;
        }
        Ok(found)
    }

    /// What whoever had the id before has left to one who was made before they came: their
    /// tokens do not open the account, neither now nor later.
    fn bar_of_unseen(
        conn: &mut Conn,
        found: &FoundUser,
        known: Option<&UserOrigin>,
        issued_at: Option<Timestamp>,
    ) -> Written<Option<Bar>> {
        if known.is_some() {
            return Ok(None);
        }
        let bar = bars::bar(conn, found.user.key)?;
        let is_barred = bar.tokens_after > Timestamp(0);
        if is_barred && issued_at.is_none_or(|issued| issued <= bar.tokens_after) {
            return Err(WriteError::TokenTooOld.into());
        }
        Ok(is_barred.then_some(bar))
    }

    /// Somebody new. Whoever had the id before has left tokens that may still be
    /// good: none of them opens the account, neither now nor later.
    fn begin(conn: &mut Conn, seen: &SeenUser) -> Written<FoundUser> {
        let SeenUser { id, name, origin, issued_at, adopted: _, at } = seen;
        let erased_at = erased_at(conn, id)?;
        let is_old =
            erased_at.is_some_and(|erased| issued_at.is_none_or(|issued| issued <= erased));
        if is_old || *origin == UserOrigin::Account {
            return Err(WriteError::TokenTooOld.into());
        }
        let name = name.as_deref().unwrap_or(id.as_str());
        let user = insert(conn, id, name, (Some(origin), None), *at)?;
        let bar = void_before(conn, user.key, erased_at)?;
        Ok(FoundUser::new(user, bar))
    }

    /// Somebody new who has not come yet: whoever answers for them will say so when they
    /// do.
    pub(in crate::write) fn begin_unseen(
        conn: &mut Conn,
        id: &UserId,
        name: &str,
        at: Timestamp,
    ) -> QueryResult<(User, Option<Bar>)> {
        let erased_at = erased_at(conn, id)?;
        let user = insert(conn, id, name, (None, None), at)?;
        let bar = void_before(conn, user.key, erased_at)?;
        Ok((user, bar))
    }

    fn rename(conn: &mut Conn, user: &mut User, name: &str) -> QueryResult<()> {
        let row = diesel::update(users::table.find(user.key.0));
        row.set(users::name.eq(name)).execute(conn)?;
        user.name = name.into();
        words::renew(conn, user.key.0, user.id.as_str(), name)
    }

    /// An id that was seen with a token cannot be registered over: it may be
    /// somebody else's. Nor can one that looks like it.
    pub(super) fn register(conn: &mut Conn, new: &RegisterUser) -> Written<FoundUser> {
        let RegisterUser { id, name, password_hash, at } = new;
        let same = lower(users::id).eq(id.as_str().to_ascii_lowercase());
        if select(exists(users::table.filter(same))).get_result(conn)? {
            return Err(WriteError::IdTaken.into());
        }
        let erased_at = erased_at(conn, id)?;
        let user = insert(conn, id, name, (Some(&UserOrigin::Account), Some(password_hash)), *at)?;
        let bar = void_before(conn, user.key, erased_at)?;
        Ok(FoundUser::new(user, bar))
    }

    /// When the last user of this id was deleted.
    fn erased_at(conn: &mut Conn, id: &UserId) -> QueryResult<Option<Timestamp>> {
        let former = users::table.filter(users::former_id.eq(id_hash(id)));
        let last = former.select(diesel::dsl::max(users::deleted_at)).first::<Option<i64>>(conn)?;
        Ok(last.map(Timestamp))
    }

    fn void_before(
        conn: &mut Conn,
        user: UserKey,
        erased_at: Option<Timestamp>,
    ) -> QueryResult<Option<Bar>> {
        let Some(tokens_after) = erased_at else { return Ok(None) };
        let bar = Bar { tokens_after, ..Bar::default() };
        bars::store(conn, user, &bar)?;
        Ok(Some(bar))
    }

    /// Forgets what ids those had who were deleted so long ago that there can be
    /// no token of them.
    pub fn forget_ids(conn: &mut Conn, before: Timestamp) -> QueryResult<()> {
        let old = users::table
            .filter(users::former_id.is_not_null())
            .filter(users::deleted_at.lt(Some(before.0)));
        diesel::update(old).set(users::former_id.eq(None::<Vec<u8>>)).execute(conn).map(drop)
    }

    /// Times never go back, and one who was deleted has none.
    pub(super) fn seen(conn: &mut Conn, seen: &[(UserKey, Timestamp)]) -> Written<()> {
        for (user, at) in seen {
            let earlier = users::last_seen_at.is_null().or(users::last_seen_at.lt(Some(at.0)));
            let row = users::table.find(user.0).filter(users::deleted_at.is_null()).filter(earlier);
            diesel::update(row).set(users::last_seen_at.eq(Some(at.0))).execute(conn)?;
        }
        Ok(())
    }

    fn insert(
        conn: &mut Conn,
        id: &UserId,
        name: &str,
        (origin, password_hash): (Option<&UserOrigin>, Option<&str>),
        at: Timestamp,
    ) -> QueryResult<User> {
        let key: i64 = diesel::insert_into(users::table)
            .values((
                users::id.eq(id.as_str()),
                users::name.eq(name),
                users::password_hash.eq(password_hash),
                users::origin.eq(origin.map(|origin| origin.to_text().into_owned())),
                users::created_at.eq(at.0),
                users::has_words.eq(true),
            ))
            .returning(users::key)
            .get_result(conn)?;
        words::add(conn, key, id.as_str(), name)?;
        Ok(User { key: UserKey(key), id: id.clone(), name: name.into(), avatar: None })
    }
}
