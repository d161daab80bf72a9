//! The fields of requests that several calls share.

use std::borrow::Cow;

use parlor_domain::{
    MessageId, RoomId, Seq, UserId, Whole,
    limits::{HISTORY_PAGE, HISTORY_PAGE_MAX, LIST_PAGE_MAX},
};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer};

/// How many entries of a list are wanted: so many if the request does not say.
pub struct Limit<const USUAL: i64, const MOST: i64>(pub i64);

/// Of a page with something to read.
pub type PageLimit = Limit<HISTORY_PAGE, HISTORY_PAGE_MAX>;
/// Of a page of short entries.
pub type ListLimit = Limit<LIST_PAGE_MAX, LIST_PAGE_MAX>;

impl<const USUAL: i64, const MOST: i64> Default for Limit<USUAL, MOST> {
    fn default() -> Self {
        Self(USUAL)
    }
}

impl<'de, const USUAL: i64, const MOST: i64> Deserialize<'de> for Limit<USUAL, MOST> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Whole::<1, MOST>::deserialize(from).map(|Whole(limit)| Self(limit))
    }
}

impl<const USUAL: i64, const MOST: i64> JsonSchema for Limit<USUAL, MOST> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Limit{USUAL}To{MOST}").into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = Whole::<1, MOST>::json_schema(generator);
        schema.insert("default".to_owned(), USUAL.into());
        schema
    }
}

/// What comes after the `;` may be left out.
macro_rules! requests {
    ($($name:ident { $($field:ident: $type:ty),*; $($option:ident: $kind:ty),* })*) => {$(
        #[derive(Deserialize, JsonSchema)]
        pub struct $name {
            $(pub $field: $type,)*
            $(#[serde(default)] pub $option: $kind,)*
        }
    )*};
}

requests! {
    NoFields { ; }
    OfRoom { room_id: RoomId; }
    OfUser { user_id: UserId; }
    OfMember { room_id: RoomId, user_id: UserId; }
    OfMessage { message_id: MessageId; }

    // Lists by user.
    ByUser { ; after: Option<UserId>, limit: ListLimit }
    RoomByUser { room_id: RoomId; after: Option<UserId>, limit: ListLimit }
    MessageByUser { message_id: MessageId; after: Option<UserId>, limit: ListLimit }

    // Lists by position.
    BySeq { ; after: Seq, limit: PageLimit }
    RoomBySeq { room_id: RoomId; after: Seq, limit: PageLimit }
    MessageBySeq { message_id: MessageId; after: Seq, limit: PageLimit }

    // Lists by a number that the server gave.
    ByNumber { ; after: Seq, limit: ListLimit }
    RoomByNumber { room_id: RoomId; after: Seq, limit: ListLimit }
    UserByNumber { user_id: UserId; after: Seq, limit: ListLimit }

    // Lists that go on from where the last page said.
    ByCursor { ; cursor: Seq, limit: Limit<HISTORY_PAGE, LIST_PAGE_MAX> }
    RoomByCursor { room_id: RoomId; cursor: Seq, limit: Limit<HISTORY_PAGE, LIST_PAGE_MAX> }
}

/// An id that the server has given.
pub const GIVEN_ID: &str = "^[1-9][0-9]{0,18}$";

/// The server has given the id: what is none is not there, so it is read where
/// that can be said.
#[derive(Deserialize, JsonSchema)]
pub struct OfId {
    #[schemars(regex(pattern = GIVEN_ID))]
    pub id: String,
}
