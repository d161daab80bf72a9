//! How a member stands in a room.

use diesel::{
    QueryableByName,
    sql_types::{BigInt, Bool, Nullable, Text},
};

use super::room::decode_rules;
use parlor_domain::{Role, RoomKind, RoomRules, Standing, Timestamp};

#[derive(QueryableByName)]
pub(crate) struct StandingRow {
    #[diesel(sql_type = BigInt)]
    room_key: i64,
    #[diesel(sql_type = BigInt)]
    user_key: i64,
    #[diesel(sql_type = Text)]
    role: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    muted_until: Option<i64>,
    #[diesel(sql_type = Bool)]
    blocked: bool,
    #[diesel(sql_type = Bool)]
    peer_deleted: bool,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Nullable<Text>)]
    rules: Option<String>,
}

/// How a member stands in a room, and what goes for all who write there.
pub(crate) type Stands = (Standing, RoomKind, RoomRules);

impl From<StandingRow> for ((i64, i64), Stands) {
    fn from(row: StandingRow) -> Self {
        let StandingRow {
            room_key,
            user_key,
            role,
            muted_until,
            blocked,
            peer_deleted,
            kind,
            rules,
        } = row;
        let role = Role::parse(&role).unwrap_or(Role::ReadOnly);
        let muted_until = muted_until.map(Timestamp);
        let kind = RoomKind::parse(&kind).unwrap_or(RoomKind::Private);
        let standing = Standing { role, muted_until, blocked, peer_deleted };
        ((room_key, user_key), (standing, kind, decode_rules(rules.as_deref())))
    }
}
