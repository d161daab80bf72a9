//! Read a page of history over the socket.

use parlor_domain::{
    HistoryCursor, HistoryPage, RoomId, Seq, Whole,
    limits::{HISTORY_PAGE, HISTORY_PAGE_MAX, HISTORY_SHARE},
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Access, Asked, ChatError, ChatServer, Operation, Requester, Shown};
use crate::{
    db::{Needs, Reader},
    protocol::{HistoryView, Refusal, Rules},
};

/// The newest messages, or those around a position.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct History {
    room_id: RoomId,
    before: Option<Seq>,
    after: Option<Seq>,
    around: Option<Seq>,
    limit: Option<Whole<1, HISTORY_PAGE_MAX>>,
}

impl History {
    fn cursor(&self) -> Result<HistoryCursor, Refusal> {
        let cursor = HistoryCursor::one_of(self.before, self.after, self.around);
        cursor.ok_or_else(|| Refusal::field("before", "after and around exclude each other"))
    }
}

impl Operation for History {
    type Answer = HistoryPage;
    type Place = Access;

    fn place(&self) -> &RoomId {
        &self.room_id
    }

    fn asks(&self, _: &Requester) -> bool {
        true
    }

    fn check(&mut self, _: &Rules) -> Result<(), Refusal> {
        self.cursor().map(drop)
    }

    fn allowed(&self, _: &Requester, access: &Access) -> Result<(), ChatError> {
        access.reader()
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        let Asked { from, place: access, reply } = asked;
        let Ok(cursor) = self.cursor() else {
            return server.answer(reply, Err(ChatError::Internal));
        };
        let limit = self.limit.map_or(HISTORY_PAGE, |Whole(limit)| limit);
        let (reader, room) = (server.reader.clone(), access.room.key);
        let watched_since = access.grant().map(|_| server.restrictions.now());
        let reading = async move {
            let page = async |reader: &Reader| reader.history(room, cursor, limit).await;
            reader.offload(Needs::Room(room), page).await
        };
        server.when(reading, move |page, server| {
            // One who was removed meanwhile gets nothing that came later.
            let standing = server.sessions.standing(from.user.key, room);
            let was_member = access.standing.is_some();
            let gone = was_member && standing == Some(None) && !from.is_admin;
            // Whatever one asks for must fit the queue of a session.
            let bytes_max = server.settings.limits.queued_bytes / HISTORY_SHARE;
            let cut = |mut page: HistoryPage| {
                page.cut_to(bytes_max, cursor);
                page
            };
            let overtaken = watched_since
                .is_some_and(|then| server.restrictions.overtook(then, from.user.key, room));
            let page = match (gone, overtaken) {
                (true, _) => Err(ChatError::NotFound("room")),
                (false, true) => Err(ChatError::unavailable()),
                (false, false) => page.map(cut).map_err(ChatError::from),
            };
            server.answer(reply, page);
        });
    }
}

impl Shown for HistoryPage {
    type View<'a> = HistoryView<'a>;

    fn view(&self) -> HistoryView<'_> {
        HistoryView::from(self)
    }
}
