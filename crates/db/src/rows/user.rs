//! A user as others see them.

use diesel::Queryable;

use crate::schema::users;
use parlor_domain::{User, UserId, UserKey};

#[derive(Queryable)]
pub(crate) struct UserRow {
    key: i64,
    id: String,
    name: String,
    avatar: Option<String>,
}

/// The columns of a [`UserRow`].
#[diesel::dsl::auto_type]
pub(crate) fn columns() -> _ {
    (users::key, users::id, users::name, users::avatar)
}

impl From<UserRow> for User {
    fn from(UserRow { key, id, name, avatar }: UserRow) -> Self {
        let (id, avatar) = (UserId::from_stored(id), avatar.map(Into::into));
        Self { key: UserKey(key), id, name: name.into(), avatar }
    }
}
