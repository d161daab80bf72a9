//! Lists of rooms, filtered by their names, kinds and custom data.

use std::sync::Arc;

use diesel::{
    BoolExpressionMethods, EscapeExpressionMethods, ExpressionMethods, IntoSql,
    NullableExpressionMethods, OptionalExtension, QueryDsl, TextExpressionMethods, sql_types::Bool,
};
use diesel_async::RunQueryDsl;
use serde_json::{Map, Value};

use super::{ReadError, Reader, read};
use crate::{
    rows::room::{RoomRow, columns},
    schema::{room_heads, rooms},
};
use parlor_domain::{
    Life, Room, RoomKey, RoomKind, RoomOverview, Seq, UserKey, limits::ROOMS_EXAMINED,
};

/// Which rooms are wanted; all, unless it says something.
#[derive(Clone, Debug, Default)]
pub struct RoomFilter {
    /// What the id begins with, or the title contains; whether the letters A to Z
    /// are large or small does not matter.
    pub text: Option<Arc<str>>,
    pub kind: Option<RoomKind>,
    /// What the custom data has at its top level.
    pub custom: Map<String, Value>,
}

/// A filter as the database is asked: patterns of `LIKE`, of which one that is not
/// used counts for nothing.
pub(super) struct Patterns {
    pub id: String,
    pub title: String,
    pub any_text: bool,
    pub kind: &'static str,
    pub any_kind: bool,
    pub custom: String,
    pub any_custom: bool,
}

/// Whether a room fits [`Patterns`].
macro_rules! fits {
    ($patterns:ident) => {{
        use $crate::{functions::lower, reader::room_list::Patterns};
        let Patterns { id, title, any_text, kind, any_kind, custom, any_custom } = $patterns;
        let is_named = lower(rooms::id.assume_not_null()).like(id).escape('\\');
        let is_titled = lower(rooms::title).like(title).escape('\\');
        let has_custom = rooms::custom.assume_not_null().like(custom).escape('\\');
        is_named
            .or(is_titled)
            .or(any_text.into_sql::<Bool>())
            .and(rooms::kind.eq(kind).or(any_kind.into_sql::<Bool>()))
            .and(has_custom.or(any_custom.into_sql::<Bool>()))
    }};
}
pub(super) use fits;

/// A text that stands for itself in a pattern.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

/// A room without what a member sees of it.
pub(super) fn seen(life: &Life, room: RoomRow, member_count: i64, last_seq: i64) -> RoomOverview {
    let room = Room::from(room);
    RoomOverview {
        epoch: life.epoch_of(room.key),
        room: Arc::new(room),
        last_seq: Seq(last_seq),
        member_count,
        state: None,
        peer: None,
        last_message: None,
    }
}

impl RoomFilter {
    pub(super) fn patterns(&self) -> Patterns {
        let text = self
            .text
            .as_deref()
            .map_or_else(String::new, |text| escaped(&text.to_ascii_lowercase()));
        // It is kept as `serde_json` writes it, so this is in it somewhere; whether at
        // its top level, is looked at when it has been read.
        let one = self.custom.iter().next();
        let one = one.map(|(name, value)| format!("{}:{value}", Value::from(name.as_str())));
        Patterns {
            id: format!("{text}%"),
            title: format!("%{text}%"),
            any_text: self.text.is_none(),
            kind: self.kind.map_or("", RoomKind::as_str),
            any_kind: self.kind.is_none(),
            custom: format!("%{}%", escaped(one.as_deref().unwrap_or_default())),
            any_custom: self.custom.is_empty(),
        }
    }

    /// Takes out what fits the patterns alone: what it says of custom data they only
    /// narrow down.
    pub(super) fn retain(&self, rooms: &mut Vec<RoomOverview>) {
        rooms.retain(|overview| self.fits_custom(&overview.room));
    }

    /// Whether the custom data of a room has all that is asked for.
    fn fits_custom(&self, room: &Room) -> bool {
        if self.custom.is_empty() {
            return true;
        }
        let custom = room.custom.as_deref().and_then(|text| serde_json::from_str(text).ok());
        let custom: Map<String, Value> = custom.unwrap_or_default();
        self.custom.iter().all(|(name, value)| custom.get(name) == Some(value))
    }
}

impl Reader {
    /// Some of a user's rooms with the newest message of each; and the last one
    /// looked at, if there may be more behind it. In a few statements, however many
    /// rooms there are.
    pub async fn rooms_with_last_message(
        &self,
        user: UserKey,
        filter: &RoomFilter,
        after: RoomKey,
        limit: i64,
    ) -> Result<(Vec<RoomOverview>, Option<RoomKey>), ReadError> {
        let (mut rooms, more) = self.some_rooms(user, after, limit, false, filter).await?;
        let last = rooms.last().filter(|_| more).map(|overview| overview.room.key);
        filter.retain(&mut rooms);
        self.add_newest(user, &mut rooms).await?;
        Ok((rooms, last))
    }

    /// Adds the newest message of each.
    pub(super) async fn add_newest(
        &self,
        user: UserKey,
        rooms: &mut [RoomOverview],
    ) -> Result<(), ReadError> {
        let keys = rooms.iter().map(|overview| overview.room.key.0).collect();
        let mut newest = self.newest_messages(user, keys).await?;
        for overview in rooms {
            overview.last_message = Some(newest.remove(&overview.room.key));
        }
        Ok(())
    }

    /// The same of all rooms there are, as one sees them who is no member.
    ///
    /// A page looks at so many rooms at most, in the order in which they were made:
    /// where few of them fit it may be short, or empty, and others follow.
    pub async fn all_rooms(
        &self,
        filter: &RoomFilter,
        after: RoomKey,
        limit: i64,
    ) -> Result<(Vec<RoomOverview>, Option<RoomKey>), ReadError> {
        let patterns = filter.patterns();
        let (rows, end) = read!(self, |conn| {
            let end: Option<i64> = rooms::table
                .filter(rooms::key.gt(after.0))
                .order(rooms::key)
                .select(rooms::key)
                .offset(ROOMS_EXAMINED - 1)
                .first(&mut conn)
                .await
                .optional()?;
            let rows = rooms::table
                .inner_join(room_heads::table)
                .filter(rooms::key.gt(after.0).and(rooms::key.le(end.unwrap_or(i64::MAX))))
                .filter(rooms::id.is_not_null())
                .filter(fits!(patterns))
                .order(rooms::key)
                .limit(limit + 1)
                .select((columns(), rooms::member_count, room_heads::last_seq))
                .load::<(RoomRow, i64, i64)>(&mut conn)
                .await?;
            Ok((rows, end))
        })?;
        let overview = |(room, members, head)| seen(&self.life, room, members, head);
        let (mut rooms, more) =
            super::members::cut(rows.into_iter().map(overview).collect::<Vec<_>>(), limit);
        let last = match more {
            true => rooms.last().map(|overview| overview.room.key),
            false => end.map(RoomKey),
        };
        filter.retain(&mut rooms);
        let keys = rooms.iter().map(|overview| overview.room.key.0).collect();
        let mut newest = self.newest_of_rooms(keys).await?;
        for overview in &mut rooms {
            overview.last_message = Some(newest.remove(&overview.room.key));
        }
        Ok((rooms, last))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_looked_for_stands_for_itself() {
        let Value::Object(custom) = json!({"a\"b": "50%_"}) else { panic!("an object") };
        let filter = RoomFilter { text: Some("A_b".into()), kind: None, custom };
        let Patterns { id, title, any_text, any_kind, custom, any_custom, .. } = filter.patterns();
        assert_eq!((id.as_str(), title.as_str()), ("a\\_b%", "%a\\_b%"));
        assert_eq!(custom, r#"%"a\\"b":"50\%\_"%"#);
        assert_eq!((any_text, any_kind, any_custom), (false, true, false));
    }

    #[test]
    fn custom_data_is_compared_at_its_top_level_and_by_type() {
        let room = |custom: Value| {
            let custom = Some(custom.to_string().into());
            Room { custom, ..Room::sample(1, RoomKind::Public) }
        };
        let fits = |wanted: Value, custom: Value| {
            let Value::Object(custom_wanted) = wanted else { panic!("an object") };
            let filter = RoomFilter { custom: custom_wanted, ..RoomFilter::default() };
            filter.fits_custom(&room(custom))
        };
        assert!(fits(json!({"project": 7}), json!({"project": 7, "other": 1})));
        assert!(!fits(json!({"project": 7}), json!({"project": "7"})));
        assert!(!fits(json!({"project": 7}), json!({"in": {"project": 7}})));
        assert!(!fits(json!({"a": 1, "b": 2}), json!({"a": 1})));
        let plain = Room::sample(1, RoomKind::Public);
        assert!(RoomFilter::default().fits_custom(&plain));
    }
}
