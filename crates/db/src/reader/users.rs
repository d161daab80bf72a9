use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, dsl::exists};
use diesel_async::RunQueryDsl;

use super::{ReadError, Reader, read};
use crate::{functions::lower, schema::users};
use parlor_domain::{User, UserId, UserKey, UserOrigin};

impl Reader {
    pub async fn user(&self, id: &UserId) -> Result<Option<User>, ReadError> {
        Ok(self.credentials(id).await?.map(|(user, _)| user))
    }

    /// A user, and who answers for them if that is recorded.
    pub async fn user_and_origin(
        &self,
        id: &UserId,
    ) -> Result<Option<(User, Option<UserOrigin>)>, ReadError> {
        let row = users::table.filter(users::id.eq(id.as_str().to_owned())).select((
            users::key,
            users::name,
            users::origin,
        ));
        let row = read!(self, |conn| row
            .first::<(i64, String, Option<String>)>(&mut conn)
            .await
            .optional())?;
        Ok(row.map(|(key, name, origin)| {
            let user = User { key: UserKey(key), id: id.clone(), name: name.into() };
            (user, origin.as_deref().and_then(UserOrigin::from_stored))
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
        let row = users::table.filter(users::id.eq(id.as_str().to_owned())).select((
            users::key,
            users::name,
            users::password_hash,
        ));
        let row = read!(self, |conn| row
            .first::<(i64, String, Option<String>)>(&mut conn)
            .await
            .optional())?;
        Ok(row.map(|(key, name, password_hash)| {
            let user = User { key: UserKey(key), id: id.clone(), name: name.into() };
            (user, password_hash)
        }))
    }

    pub async fn user_by_key(&self, key: UserKey) -> Result<Option<User>, ReadError> {
        let query = users::table.find(key.0).select((users::id, users::name));
        let row = read!(self, |conn| query.first::<(String, String)>(&mut conn).await.optional())?;
        Ok(row.map(|(id, name)| User { key, id: UserId::from_stored(id), name: name.into() }))
    }
}
