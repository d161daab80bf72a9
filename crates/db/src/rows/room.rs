//! A room as it is stored.

use diesel::{NullableExpressionMethods, Queryable};

use crate::schema::rooms;
use parlor_domain::{Room, RoomId, RoomKey, RoomKind, RoomRules, Timestamp};

/// The columns of a [`RoomRow`].
#[diesel::dsl::auto_type]
pub(crate) fn columns() -> _ {
    let id: diesel::dsl::AssumeNotNull<rooms::id> = rooms::id.assume_not_null();
    (
        rooms::key,
        id,
        rooms::kind,
        rooms::title,
        rooms::topic,
        rooms::custom,
        rooms::rules,
        rooms::ownerless,
        rooms::created_at,
    )
}

/// `NULL` for most.
pub fn encode_rules(rules: &RoomRules) -> Option<String> {
    let json = || serde_json::to_string(rules).expect("booleans and numbers are JSON");
    (!rules.is_default()).then(json)
}

pub(crate) fn decode_rules(rules: Option<&str>) -> RoomRules {
    let decode = |rules| {
        serde_json::from_str(rules).unwrap_or_else(|error| {
            log::error!("the rules of a room cannot be read: {error}");
            RoomRules::default()
        })
    };
    rules.map_or_else(RoomRules::default, decode)
}

#[derive(Queryable)]
pub(crate) struct RoomRow {
    key: i64,
    id: String,
    kind: String,
    title: String,
    topic: String,
    custom: Option<String>,
    rules: Option<String>,
    ownerless: bool,
    created_at: i64,
}

impl From<RoomRow> for Room {
    fn from(row: RoomRow) -> Self {
        let RoomRow { key, id, kind, title, topic, custom, rules, ownerless, created_at } = row;
        Self {
            key: RoomKey(key),
            id: RoomId::from_stored(id),
            kind: RoomKind::parse(&kind).unwrap_or(RoomKind::Private),
            title: title.into(),
            topic: topic.into(),
            custom: custom.map(Into::into),
            rules: decode_rules(rules.as_deref()),
            ownerless,
            created_at: Timestamp(created_at),
        }
    }
}
