//! A room as it is stored.

use diesel::{NullableExpressionMethods, Queryable};

use crate::schema::rooms;
use parlor_domain::{Room, RoomId, RoomKey, RoomKind, Timestamp};

/// The columns of a [`RoomRow`].
#[diesel::dsl::auto_type]
pub(crate) fn columns() -> _ {
    let id: diesel::dsl::AssumeNotNull<rooms::id> = rooms::id.assume_not_null();
    (rooms::key, id, rooms::kind, rooms::title, rooms::topic, rooms::custom, rooms::created_at)
}

#[derive(Queryable)]
pub(crate) struct RoomRow {
    key: i64,
    id: String,
    kind: String,
    title: String,
    topic: String,
    custom: Option<String>,
    created_at: i64,
}

impl From<RoomRow> for Room {
    fn from(row: RoomRow) -> Self {
        let RoomRow { key, id, kind, title, topic, custom, created_at } = row;
        Self {
            key: RoomKey(key),
            id: RoomId::from_stored(id),
            kind: RoomKind::parse(&kind).unwrap_or(RoomKind::Private),
            title: title.into(),
            topic: topic.into(),
            custom: custom.map(Into::into),
            created_at: Timestamp(created_at),
        }
    }
}
