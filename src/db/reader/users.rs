use diesel::{ExpressionMethods, OptionalExtension, QueryDsl};
use diesel_async::RunQueryDsl;

use super::{ReadError, Reader, read};
use crate::{
    db::schema::users,
    domain::{User, UserId, UserKey},
};

impl Reader {
    pub async fn user(&self, id: &UserId) -> Result<Option<User>, ReadError> {
        Ok(self.credentials(id).await?.map(|(user, _)| user))
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
