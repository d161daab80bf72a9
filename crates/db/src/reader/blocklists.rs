//! Lists of words and patterns that messages are checked against.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, dsl::exists, select};
use diesel_async::RunQueryDsl;

use super::{ReadError, Reader, read};
use crate::{
    rows::blocklist::{BlocklistRow, EVERYWHERE},
    schema::blocklists,
};
use parlor_domain::{
    Blocklist, BlocklistAction, BlocklistId, BlocklistSummary, RoomKey, Timestamp,
};

type SummaryRow = (String, String, i64, i64, i64);

impl Reader {
    /// The lists of a room, or of the deployment, with all that is in them.
    pub async fn blocklists(&self, room: Option<RoomKey>) -> Result<Vec<Blocklist>, ReadError> {
        let query = blocklists::table
            .filter(blocklists::room_key.eq(room.map_or(EVERYWHERE, |room| room.0)))
            .order(blocklists::id)
            .select((
                blocklists::id,
                blocklists::action,
                blocklists::words,
                blocklists::patterns,
                blocklists::updated_at,
            ));
        let rows = read!(self, |conn| query.load::<BlocklistRow>(&mut conn).await)?;
        Ok(rows.into_iter().map(Blocklist::from).collect())
    }

    /// One of them.
    pub async fn blocklist(
        &self,
        room: Option<RoomKey>,
        id: &BlocklistId,
    ) -> Result<Option<Blocklist>, ReadError> {
        let place = room.map_or(EVERYWHERE, |room| room.0);
        let query = blocklists::table.find((place, id.as_str().to_owned())).select((
            blocklists::id,
            blocklists::action,
            blocklists::words,
            blocklists::patterns,
            blocklists::updated_at,
        ));
        let row = read!(self, |conn| query.first::<BlocklistRow>(&mut conn).await.optional())?;
        Ok(row.map(Blocklist::from))
    }

    /// What lists there are, at most
    /// [`BLOCKLISTS`](parlor_domain::limits::BLOCKLISTS).
    pub async fn blocklist_summaries(
        &self,
        room: Option<RoomKey>,
    ) -> Result<Vec<BlocklistSummary>, ReadError> {
        let query = blocklists::table
            .filter(blocklists::room_key.eq(room.map_or(EVERYWHERE, |room| room.0)))
            .order(blocklists::id)
            .select((
                blocklists::id,
                blocklists::action,
                blocklists::word_count,
                blocklists::pattern_count,
                blocklists::updated_at,
            ));
        let rows = read!(self, |conn| query.load::<SummaryRow>(&mut conn).await)?;
        let summary = |(id, action, words, patterns, updated_at): SummaryRow| BlocklistSummary {
            id: BlocklistId::from_stored(id),
            action: BlocklistAction::parse(&action).unwrap_or(BlocklistAction::Flag),
            words,
            patterns,
            updated_at: Timestamp(updated_at),
        };
        Ok(rows.into_iter().map(summary).collect())
    }

    /// Whether any room has one.
    pub async fn has_blocklists_of_rooms(&self) -> Result<bool, ReadError> {
        let query = select(exists(blocklists::table.filter(blocklists::room_key.ne(EVERYWHERE))));
        read!(self, |conn| query.get_result::<bool>(&mut conn).await)
    }
}
