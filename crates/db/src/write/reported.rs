//! What is reported to those who moderate: by users (`report`), and by the server itself,
//! when a message is stored in which something of a list is found.

use std::sync::Arc;

use parlor_domain::{
    Message, MessageId, ReportId, ReportReason, RoomKey, Timestamp, UserKey, with_reason,
};
use parlor_macros::each_backend;

use super::{Effects, WebhookEvent, Whose};
use crate::rows::report::{decode_reasons, encode_reasons};

/// What is told to webhooks of a report.
pub const REPORT_OPENED: &str = "report.opened";

/// The report that something is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenedReport {
    pub id: ReportId,
    /// It is new.
    pub(super) opened: bool,
    pub(super) place: ReportPlace,
}

/// Whom a report is about, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportPlace {
    pub room: Option<RoomKey>,
    pub user: UserKey,
}

impl ReportPlace {
    pub fn event(self, kind: &'static str, report: ReportId) -> WebhookEvent {
        WebhookEvent {
            room: self.room,
            user: Some(Whose::Key(self.user)),
            report: Some(report),
            ..WebhookEvent::new(kind)
        }
    }
}

impl OpenedReport {
    pub(super) fn effects(&self, effects: &mut Effects) {
        if self.opened {
            effects.webhook(|| self.place.event(REPORT_OPENED, self.id));
        }
    }
}

#[each_backend]
pub mod backend {
    use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl};

    use super::*;
    use crate::{backend::Conn, schema::reports};

    /// The server itself reports what a message says now, because of a list: once, if that
    /// is not reported already. What was decided before was said otherwise.
    pub fn flag(
        conn: &mut Conn,
        message: &Message,
        id: ReportId,
        at: Timestamp,
    ) -> QueryResult<OpenedReport> {
        let (room, user) = (message.room_key, message.sender.key);
        let place = ReportPlace { room: Some(room), user };
        if let Some((id, None)) = newest(conn, user, Some(message.id))? {
            let open = reports::table.find(id);
            let (count, reasons) =
                open.select((reports::count, reports::reasons)).first::<(i64, String)>(conn)?;
            let mut reasons = decode_reasons(&reasons);
            if reasons.iter().all(|(reason, _)| *reason != ReportReason::Blocklist) {
                with_reason(&mut reasons, ReportReason::Blocklist);
                diesel::update(open)
                    .set((
                        reports::count.eq(count + 1),
                        reports::reasons.eq(encode_reasons(&reasons)),
                    ))
                    .execute(conn)?;
            }
            return Ok(OpenedReport { id: ReportId(id), opened: false, place });
        }
        let content = Some(message.content.clone());
        let id =
            insert(conn, (place, Some(message.id), content), (id, ReportReason::Blocklist, at))?;
        Ok(OpenedReport { id, opened: true, place })
    }

    /// The last report of a message or a user, and when it was decided. None is opened while
    /// another one is not decided.
    pub fn newest(
        conn: &mut Conn,
        user: UserKey,
        message: Option<MessageId>,
    ) -> QueryResult<Option<(i64, Option<i64>)>> {
        let all =
            reports::table.order(reports::id.desc()).select((reports::id, reports::decided_at));
        match message {
            Some(id) => all.filter(reports::message_id.eq(id.0)).first(conn).optional(),
            None => {
                let of_user = all.filter(reports::user_key.eq(user.0));
                of_user.filter(reports::message_id.is_null()).first(conn).optional()
            }
        }
    }

    pub fn insert(
        conn: &mut Conn,
        (place, message, content): (ReportPlace, Option<MessageId>, Option<Arc<str>>),
        (id, reason, at): (ReportId, ReportReason, Timestamp),
    ) -> QueryResult<ReportId> {
        diesel::insert_into(reports::table)
            .values((
                reports::id.eq(id.0),
                reports::room_key.eq(place.room.map(|room| room.0)),
                reports::message_id.eq(message.map(|id| id.0)),
                reports::user_key.eq(place.user.0),
                reports::content.eq(content.as_deref()),
                reports::count.eq(1),
                reports::reasons.eq(encode_reasons(&[(reason, 1)])),
                reports::reported_at.eq(at.0),
            ))
            .execute(conn)?;
        Ok(id)
    }
}
