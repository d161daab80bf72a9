//! What bars a user.

use diesel::Queryable;

use crate::schema::user_bars;
use parlor_domain::{Bar, SignIn, Timestamp};

#[derive(Queryable)]
pub(crate) struct BarRow {
    tokens_after: i64,
    banned: bool,
    banned_until: Option<i64>,
    reason: String,
    keeps: Option<i64>,
    deactivated_at: Option<i64>,
}

/// The columns of a [`BarRow`].
#[diesel::dsl::auto_type]
pub(crate) fn columns() -> _ {
    (
        user_bars::tokens_after,
        user_bars::banned,
        user_bars::banned_until,
        user_bars::reason,
        user_bars::keeps,
        user_bars::deactivated_at,
    )
}

impl From<BarRow> for Bar {
    fn from(row: BarRow) -> Self {
        let BarRow { tokens_after, banned, banned_until, reason, keeps, deactivated_at } = row;
        Self {
            tokens_after: Timestamp(tokens_after),
            banned,
            banned_until: banned_until.map(Timestamp),
            reason: reason.into(),
            keeps: keeps.map(SignIn),
            deactivated_at: deactivated_at.map(Timestamp),
        }
    }
}
