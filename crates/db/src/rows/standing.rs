//! How a member stands in a room.

use diesel::{
    QueryableByName,
    sql_types::{BigInt, Bool, Nullable, Text},
};

use parlor_domain::{Role, RoomKind, Standing, Timestamp};

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
}

impl From<StandingRow> for ((i64, i64), (Standing, RoomKind)) {
    fn from(row: StandingRow) -> Self {
        let StandingRow { room_key, user_key, role, muted_until, blocked, peer_deleted, kind } =
            row;
        let role = Role::parse(&role).unwrap_or(Role::ReadOnly);
        let muted_until = muted_until.map(Timestamp);
        let kind = RoomKind::parse(&kind).unwrap_or(RoomKind::Private);
        ((room_key, user_key), (Standing { role, muted_until, blocked, peer_deleted }, kind))
    }
}
