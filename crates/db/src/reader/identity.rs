use std::sync::Arc;

use diesel::{ExpressionMethods, JoinOnDsl, OptionalExtension, QueryDsl};
use diesel_async::RunQueryDsl;

use super::{ReadError, Reader, read};
use crate::{
    ApiKey, Bars, RefreshHash,
    rows::{
        bar::{BarRow, columns as bar_columns},
        user::{UserRow, columns as user_columns},
    },
    schema::{api_keys, refresh_tokens, revoked_tokens, user_bars, users},
};
use parlor_domain::{Bar, SignIn, Timestamp, UserId, UserKey};

/// A key, whom it stands for, and when.
type KeyRow = ((i64, String, Vec<u8>, String), UserRow, (i64, Option<i64>));

fn bar_of((id, bar): (String, BarRow)) -> (UserId, Bar) {
    (UserId::from_stored(id), bar.into())
}

impl Reader {
    /// All that makes good tokens bad.
    pub async fn bars(&self, now: Timestamp) -> Result<Bars, ReadError> {
        read!(self, |conn| {
            let tokens = revoked_tokens::table
                .filter(revoked_tokens::expires_at.gt(now.0))
                .select((revoked_tokens::id, revoked_tokens::expires_at))
                .load::<(String, i64)>(&mut conn)
                .await?;
            let users = user_bars::table
                .inner_join(users::table.on(users::key.eq(user_bars::user_key)))
                .select((users::id, bar_columns()))
                .load::<(String, BarRow)>(&mut conn)
                .await?;
            let token = |(id, at): (String, i64)| (Arc::from(id), Timestamp(at));
            Ok(Bars {
                tokens: tokens.into_iter().map(token).collect(),
                users: users.into_iter().map(bar_of).collect(),
            })
        })
    }

    /// What makes a user's good tokens bad.
    pub async fn bar(&self, user: UserKey) -> Result<Option<(UserId, Bar)>, ReadError> {
        let query = user_bars::table
            .inner_join(users::table.on(users::key.eq(user_bars::user_key)))
            .filter(user_bars::user_key.eq(user.0))
            .select((users::id, bar_columns()));
        let row = read!(self, |conn| query.first::<(String, BarRow)>(&mut conn).await.optional())?;
        Ok(row.map(bar_of))
    }

    /// The sign-in of a refresh token, and whether it has ended.
    pub async fn sign_in_of(
        &self,
        hash: &RefreshHash,
    ) -> Result<Option<(SignIn, bool)>, ReadError> {
        let query = refresh_tokens::table
            .find(hash.to_vec())
            .select((refresh_tokens::family, refresh_tokens::revoked_at));
        let row =
            read!(self, |conn| query.first::<(i64, Option<i64>)>(&mut conn).await.optional())?;
        Ok(row.map(|(family, revoked_at)| (SignIn(family), revoked_at.is_some())))
    }

    /// All keys there have been, by number.
    pub async fn api_keys(&self) -> Result<Vec<ApiKey>, ReadError> {
        let query = api_keys::table
            .inner_join(users::table.on(users::key.eq(api_keys::user_key)))
            .order(api_keys::id)
            .select((
                (api_keys::id, api_keys::name, api_keys::hash, api_keys::roles),
                user_columns(),
                (api_keys::created_at, api_keys::revoked_at),
            ));
        let rows = read!(self, |conn| query.load::<KeyRow>(&mut conn).await)?;
        let key = |(key, user, times): KeyRow| {
            let (id, name, hash, roles) = key;
            let (created_at, revoked_at) = times;
            Some(ApiKey {
                id,
                name: name.into(),
                hash: hash.try_into().ok()?,
                roles: roles.into(),
                user: user.into(),
                created_at: Timestamp(created_at),
                revoked_at: revoked_at.map(Timestamp),
            })
        };
        Ok(rows.into_iter().filter_map(key).collect())
    }
}
