//! Rooms: those of a user, all of them, and one.

use std::borrow::Cow;

use actix_web::web;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, de::Error};
use serde_json::{Map, Value};

use super::{
    State,
    reply::{Reply, fitting},
    request::{Limit, OfRoom},
};
use crate::{auth::Identity, chat::ChatError, db::RoomFilter, error::ApiError, protocol::RoomView};
use parlor_domain::{
    Denied, DisplayText, RoomKey, RoomKind, Scope, Seq,
    limits::{CUSTOM_FILTER_BYTES, HISTORY_PAGE, LIST_PAGE_MAX, TITLE_CHARS},
};

#[derive(Serialize, JsonSchema)]
pub(super) struct Rooms<'a> {
    rooms: Vec<RoomView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
    has_more: bool,
}

/// Which rooms are listed.
#[derive(Deserialize, JsonSchema)]
pub(super) struct Listing {
    /// Of everybody, not only one's own: for administrators.
    #[serde(default)]
    all: bool,
    /// What the id begins with, or the title contains.
    query: Option<DisplayText<TITLE_CHARS>>,
    #[serde(default)]
    kind: Kind,
    #[serde(default)]
    custom: Custom,
    #[serde(default)]
    cursor: Seq,
    #[serde(default)]
    limit: Limit<HISTORY_PAGE, LIST_PAGE_MAX>,
}

/// Rooms of which kind; those that can be made are fewer.
#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
enum Kind {
    #[default]
    Any,
    Public,
    Private,
    Direct,
    Announcement,
}

impl From<Kind> for Option<RoomKind> {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Any => None,
            Kind::Public => Some(RoomKind::Public),
            Kind::Private => Some(RoomKind::Private),
            Kind::Direct => Some(RoomKind::Direct),
            Kind::Announcement => Some(RoomKind::Announcement),
        }
    }
}

/// What a room's custom data has at its top level, as a JSON object.
#[derive(Default)]
struct Custom(Map<String, Value>);

impl<'de> Deserialize<'de> for Custom {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        if text.len() > CUSTOM_FILTER_BYTES {
            let what = format!("must have at most {CUSTOM_FILTER_BYTES} bytes");
            return Err(D::Error::custom(what));
        }
        let what = r#"must be a JSON object, such as {"project":"x"}"#;
        serde_json::from_str(&text).map(Self).map_err(|_| D::Error::custom(what))
    }
}

impl JsonSchema for Custom {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "CustomFilter".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "maxLength": CUSTOM_FILTER_BYTES,
            "contentMediaType": "application/json",
            "contentSchema": {"type": "object"},
        })
    }
}

pub(super) async fn list(
    who: Identity,
    state: web::Data<State>,
    Listing { all, query, kind, custom, cursor, limit }: Listing,
) -> Result<Reply<Rooms<'static>>, ApiError> {
    if all && !who.may(&[Scope::Rooms]) {
        return Err(ChatError::from(Denied::NotAdmin).into());
    }
    let text = query.map(|DisplayText(text)| text).filter(|text| !text.is_empty());
    let filter = RoomFilter { text, kind: kind.into(), custom: custom.0 };
    let (after, limit, reader) = (RoomKey(cursor.0), limit.0, &state.reader);
    let (listed, last) = match all {
        true => reader.all_rooms(&filter, after, limit).await?,
        false => reader.rooms_with_last_message(who.user.key, &filter, after, limit).await?,
    };
    let (rooms, fits) = fitting(&listed, state.limits.page_bytes(), RoomView::from);
    // Those that do not fit are on the next page, and so is what comes behind them.
    let last_told = listed.get(rooms.len().wrapping_sub(1)).map(|overview| overview.room.key);
    let last = if fits { last } else { last_told };
    let (cursor, has_more) = (last.map(|room| room.0.to_string()), last.is_some());
    Ok(Reply::ok(Rooms { rooms, cursor, has_more }))
}

pub(super) async fn show(
    who: Identity,
    state: web::Data<State>,
    OfRoom { room_id }: OfRoom,
) -> Result<Reply<RoomView<'static>>, ApiError> {
    let overview = state.visible_room(&who, &room_id).await?;
    Ok(Reply::ok(RoomView::from(&overview)))
}
