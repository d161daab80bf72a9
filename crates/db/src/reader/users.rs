use std::sync::Arc;

use diesel::{
    BoolExpressionMethods, ExpressionMethods, JoinOnDsl, NullableExpressionMethods,
    OptionalExtension, QueryDsl, dsl::exists,
};
use diesel_async::RunQueryDsl;

use super::{ReadError, Reader, members::cut, read};
use crate::{
    functions::lower,
    rows::{
        bar::{BarRow, columns as bar_columns},
        profile::{ProfileRow, columns as profile_columns, decode_roles},
        user::{UserRow, columns as user_columns},
    },
    schema::{user_bars, user_words, users},
    words::words_of_name,
};
use parlor_domain::{
    Bar, Profile, Timestamp, User, UserId, UserKey, UserOrigin,
    limits::{USER_WORDS, USERS_EXAMINED},
};

/// A user as their credentials are checked.
#[derive(Clone, Debug)]
pub struct KnownUser {
    pub user: User,
    /// Who answers for them, if that is recorded.
    pub origin: Option<UserOrigin>,
    pub roles: Vec<Arc<str>>,
    /// When the application has last said what they are called.
    pub named_at: Option<Timestamp>,
    /// What makes their good tokens bad.
    pub bar: Option<Bar>,
}

impl Reader {
    pub async fn user(&self, id: &UserId) -> Result<Option<User>, ReadError> {
        Ok(self.credentials(id).await?.map(|(user, _)| user))
    }

    pub async fn known_user(&self, id: &UserId) -> Result<Option<KnownUser>, ReadError> {
        let row = users::table
            .left_join(user_bars::table.on(user_bars::user_key.eq(users::key)))
            .filter(users::id.eq(id.as_str().to_owned()))
            .select((
                user_columns(),
                users::origin,
                users::roles,
                users::named_at,
                bar_columns().nullable(),
            ));
        type Row = (UserRow, Option<String>, Option<String>, Option<i64>, Option<BarRow>);
        let row = read!(self, |conn| row.first::<Row>(&mut conn).await.optional())?;
        Ok(row.map(|(user, origin, roles, named_at, bar)| KnownUser {
            bar: bar.map(Bar::from),
            user: user.into(),
            origin: origin.as_deref().and_then(UserOrigin::from_stored),
            roles: decode_roles(roles.as_deref()),
            named_at: named_at.map(Timestamp),
        }))
    }

    /// Whether somebody has an id that differs from this one in case at most.
    pub async fn is_taken(&self, id: &UserId) -> Result<bool, ReadError> {
        let same = lower(users::id).eq(id.as_str().to_ascii_lowercase());
        let query = diesel::select(exists(users::table.filter(same)));
        read!(self, |conn| query.get_result::<bool>(&mut conn).await)
    }

    /// A user and the hash of their password, if they have one.
    pub async fn credentials(
        &self,
        id: &UserId,
    ) -> Result<Option<(User, Option<String>)>, ReadError> {
        let row = users::table
            .filter(users::id.eq(id.as_str().to_owned()))
            .select((user_columns(), users::password_hash));
        let row =
            read!(self, |conn| row.first::<(UserRow, Option<String>)>(&mut conn).await.optional())?;
        Ok(row.map(|(user, password_hash)| (user.into(), password_hash)))
    }

    pub async fn user_by_key(&self, key: UserKey) -> Result<Option<User>, ReadError> {
        let query = users::table.find(key.0).select(user_columns());
        let row = read!(self, |conn| query.first::<UserRow>(&mut conn).await.optional())?;
        Ok(row.map(User::from))
    }

    pub async fn profile(&self, key: UserKey) -> Result<Option<Profile>, ReadError> {
        let query = users::table
            .left_join(user_bars::table.on(user_bars::user_key.eq(users::key)))
            .filter(users::key.eq(key.0).and(users::deleted_at.is_null()))
            .select(profile_columns());
        let row = read!(self, |conn| query.first::<ProfileRow>(&mut conn).await.optional())?;
        Ok(row.map(Profile::from))
    }

    /// A page of all users by id, and whether there are more.
    pub async fn users(
        &self,
        after: Option<&UserId>,
        limit: i64,
    ) -> Result<(Vec<Profile>, bool), ReadError> {
        let query = users::table
            .left_join(user_bars::table.on(user_bars::user_key.eq(users::key)))
            .filter(users::id.gt(after.map_or("", UserId::as_str).to_owned()))
            .filter(users::deleted_at.is_null())
            .order(users::id)
            .limit(limit + 1)
            .select(profile_columns());
        let rows = read!(self, |conn| query.load::<ProfileRow>(&mut conn).await)?;
        Ok(cut(rows.into_iter().map(Profile::from).collect(), limit))
    }

    /// Users of whose names and ids some words begin as those that are looked for, each
    /// with one of them; and whether there are more. Of several words the longest is
    /// looked up, and of the users that have it as many as [`USERS_EXAMINED`] are looked
    /// at. `among_all`: those who are deactivated as well, and services.
    pub async fn find_users(
        &self,
        text: &str,
        among_all: bool,
        limit: i64,
    ) -> Result<(Vec<Profile>, bool), ReadError> {
        let mut words = words_of_name(text);
        words.truncate(USER_WORDS);
        words.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));
        let mut others = words.into_iter();
        let Some(first) = others.next() else { return Ok((Vec::new(), false)) };
        read!(self, |conn| {
            let mut query = user_words::table
                .inner_join(users::table)
                .left_join(user_bars::table.on(user_bars::user_key.eq(users::key)))
                .filter(user_words::word.ge(first.clone()))
                .filter(user_words::word.lt(beyond(&first)))
                .filter(users::deleted_at.is_null())
                .order((user_words::word, user_words::user_key))
                .limit(USERS_EXAMINED)
                .select(users::key)
                .into_boxed();
            if !among_all {
                let is_person = users::origin.is_null().or(users::origin.ne(KEY));
                query = query
                    .filter(user_bars::deactivated_at.nullable().is_null())
                    .filter(is_person.assume_not_null());
            }
            let mut found: Vec<i64> = query.load(&mut conn).await?;
            let mut seen = rustc_hash::FxHashSet::default();
            found.retain(|key| seen.insert(*key));
            for word in others {
                let having: rustc_hash::FxHashSet<i64> = user_words::table
                    .filter(user_words::user_key.eq_any(found.clone()))
                    .filter(user_words::word.ge(word.clone()))
                    .filter(user_words::word.lt(beyond(&word)))
                    .select(user_words::user_key)
                    .load::<i64>(&mut conn)
                    .await?
                    .into_iter()
                    .collect();
                found.retain(|key| having.contains(key));
            }
            let (found, more) = cut(found, limit);
            let profiles = users::table
                .left_join(user_bars::table.on(user_bars::user_key.eq(users::key)))
                .filter(users::key.eq_any(found.clone()))
                .select(profile_columns())
                .load::<ProfileRow>(&mut conn)
                .await?;
            let mut profiles: Vec<Profile> = profiles.into_iter().map(Profile::from).collect();
            let place = |profile: &Profile| found.iter().position(|key| *key == profile.user.key.0);
            profiles.sort_by_key(place);
            Ok((profiles, more))
        })
    }
}

/// The origin of services, as it is stored.
const KEY: &str = "key";

/// The first text that is behind all that begin with this one.
fn beyond(start: &str) -> String {
    format!("{start}{}", char::MAX)
}
