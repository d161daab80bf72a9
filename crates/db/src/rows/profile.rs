//! All that is known of a user.

use diesel::{NullableExpressionMethods, Queryable};

use super::user::{UserRow, columns as user_columns};
use crate::schema::{user_bars, users};
use parlor_domain::{Profile, Timestamp};
use std::sync::Arc;

#[derive(Queryable)]
pub(crate) struct ProfileRow {
    pub user: UserRow,
    custom: Option<String>,
    roles: Option<String>,
    created_at: i64,
    deactivated_at: Option<i64>,
}

/// The columns of a [`ProfileRow`], of users with what bars them.
#[diesel::dsl::auto_type]
pub(crate) fn columns() -> _ {
    (
        user_columns(),
        users::custom,
        users::roles,
        users::created_at,
        user_bars::deactivated_at.nullable(),
    )
}

impl From<ProfileRow> for Profile {
    fn from(row: ProfileRow) -> Self {
        let ProfileRow { user, custom, roles, created_at, deactivated_at } = row;
        Self {
            user: user.into(),
            custom: custom.map(Into::into),
            roles: decode_roles(roles.as_deref()),
            created_at: Timestamp(created_at),
            deactivated_at: deactivated_at.map(Timestamp),
        }
    }
}

/// `NULL` for most.
pub(crate) fn encode_roles(roles: &[Arc<str>]) -> Option<String> {
    let texts: Vec<&str> = roles.iter().map(|role| &**role).collect();
    (!texts.is_empty()).then(|| serde_json::to_string(&texts).expect("texts are JSON"))
}

pub(crate) fn decode_roles(roles: Option<&str>) -> Vec<Arc<str>> {
    let decode = |roles| serde_json::from_str::<Vec<String>>(roles);
    let logged = |error| log::error!("the roles of a user cannot be read: {error}");
    let texts = roles.map(decode).and_then(|texts| texts.map_err(logged).ok());
    texts.unwrap_or_default().into_iter().map(Arc::from).collect()
}
