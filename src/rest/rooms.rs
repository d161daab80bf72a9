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
use crate::{
    auth::Identity,
    chat::ChatError,
    db::{OwnRooms, RoomFilter, RoomPlace, RoomSort},
    error::ApiError,
    protocol::RoomView,
};
use parlor_domain::{
    Denied, DisplayText, Notifications, RoomKey, RoomKind, RoomOverview, Scope, UserId,
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
    sort: Sort,
    hidden: Option<bool>,
    archived: Option<bool>,
    pinned: Option<bool>,
    unread: Option<bool>,
    notifications: Option<Notifications>,
    member: Option<UserId>,
    #[serde(default)]
    cursor: RoomCursor,
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

/// In which order one's own rooms are listed.
#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
enum Sort {
    #[default]
    Created,
    LastMessage,
    Unread,
    Preferred,
}

impl From<Sort> for RoomSort {
    fn from(sort: Sort) -> Self {
        match sort {
            Sort::Created => Self::Created,
            Sort::LastMessage => Self::LastMessage,
            Sort::Unread => Self::Unread,
            Sort::Preferred => Self::Preferred,
        }
    }
}

/// Where a page of rooms goes on: numbers with points between them.
#[derive(Default)]
struct RoomCursor(Option<RoomPlace>);

impl RoomCursor {
    fn text(place: RoomPlace) -> String {
        let kept = place.iter().rposition(|number| *number != 0).map_or(1, |last| last + 1);
        let numbers: Vec<String> = place[..kept].iter().map(i64::to_string).collect();
        numbers.join(".")
    }

    fn parse(text: &str) -> Option<RoomPlace> {
        let (mut place, mut numbers) = (RoomPlace::default(), text.split('.'));
        for (number, text) in place.iter_mut().zip(&mut numbers) {
            *number = text.parse().ok()?;
        }
        numbers.next().is_none().then_some(place)
    }
}

impl<'de> Deserialize<'de> for RoomCursor {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let place = Self::parse(&String::deserialize(from)?);
        place.map(Some).map(Self).ok_or_else(|| D::Error::custom("must be one that a page gave"))
    }
}

impl JsonSchema for RoomCursor {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "RoomCursor".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "pattern": r"^-?[0-9]{1,18}(\.-?[0-9]{1,18}){0,3}$"})
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

impl Listing {
    /// How one's own rooms are wanted; `None` if with somebody who is not there.
    async fn own(&self, state: &State) -> Result<Option<OwnRooms>, ApiError> {
        let member = match &self.member {
            Some(id) => match state.reader.user(id).await? {
                Some(user) => Some(user.key),
                None => return Ok(None),
            },
            None => None,
        };
        Ok(Some(OwnRooms {
            sort: self.sort.into(),
            hidden: self.hidden,
            archived: self.archived,
            pinned: self.pinned,
            unread: self.unread,
            notifications: self.notifications,
            member,
        }))
    }
}

/// Rooms with their places, and the place that the next page goes on behind, if there is
/// one.
type Page = (Vec<(RoomPlace, RoomOverview)>, Option<RoomPlace>);

/// Where a room stands among those that are listed as they were made.
fn place_of(RoomKey(key): RoomKey) -> RoomPlace {
    [key, 0, 0, 0]
}

async fn page(who: &Identity, state: &State, listing: Listing) -> Result<Page, ApiError> {
    let own = listing.own(state).await?;
    let Listing { all, query, kind, custom, cursor: RoomCursor(after), limit, .. } = listing;
    let text = query.map(|DisplayText(text)| text).filter(|text| !text.is_empty());
    let filter = RoomFilter { text, kind: kind.into(), custom: custom.0 };
    let (reader, user, limit) = (&state.reader, who.user.key, limit.0);
    let first = RoomKey(after.map_or(0, |[first, ..]| first));
    let (rooms, last) = match own {
        own if all && own.is_none_or(|own| !own.is_plain()) => {
            return Err(ApiError::field("all", "goes with no order or filter of one's own rooms"));
        }
        None => return Ok((Vec::new(), None)),
        Some(_) if all => reader.all_rooms(&filter, first, limit).await?,
        Some(own) if own.is_plain() => {
            reader.rooms_with_last_message(user, &filter, first, limit).await?
        }
        Some(own) => {
            let limit = usize::try_from(limit).unwrap_or(0);
            return Ok(reader.own_rooms(user, &filter, &own, after, limit).await?);
        }
    };
    let placed = rooms.into_iter().map(|overview| (place_of(overview.room.key), overview));
    Ok((placed.collect(), last.map(place_of)))
}

pub(super) async fn list(
    who: Identity,
    state: web::Data<State>,
    listing: Listing,
) -> Result<Reply<Rooms<'static>>, ApiError> {
    if listing.all && who.may(&[Scope::Rooms]) {
        state.audit_reading(&who, None).await?;
    } else if listing.all {
        return Err(ChatError::from(Denied::NotAdmin).into());
    }
    let (listed, last) = page(&who, &state, listing).await?;
    let bytes_max = state.limits.page_bytes();
    let (rooms, fits) = fitting(&listed, bytes_max, |(_, overview)| RoomView::from(overview));
    // Those that do not fit are on the next page, and so is what comes behind them.
    let last_told = listed.get(rooms.len().wrapping_sub(1)).map(|(place, _)| *place);
    let last = if fits { last } else { last_told };
    let (cursor, has_more) = (last.map(RoomCursor::text), last.is_some());
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
