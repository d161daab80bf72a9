//! A message that is to be sent later, as it is stored.

use diesel::{NullableExpressionMethods, Queryable};

use crate::schema::{rooms, scheduled};
use parlor_domain::{ClientId, Failed, MessageId, RoomId, Scheduled, ScheduledId, Timestamp};

#[derive(Queryable)]
pub struct ScheduledRow {
    id: i64,
    room: String,
    client_id: String,
    content: String,
    reply_to: Option<i64>,
    thread_id: Option<i64>,
    in_room: bool,
    metadata: Option<String>,
    attachments: Option<String>,
    send_at: i64,
    created_at: i64,
    updated_at: i64,
    failed_code: Option<String>,
    failed_message: Option<String>,
}

/// The columns of a [`ScheduledRow`], of those whose room is there.
#[diesel::dsl::auto_type]
pub fn columns() -> _ {
    let room: diesel::dsl::AssumeNotNull<rooms::id> = rooms::id.assume_not_null();
    (
        scheduled::id,
        room,
        scheduled::client_id,
        scheduled::content,
        scheduled::reply_to,
        scheduled::thread_id,
        scheduled::in_room,
        scheduled::metadata,
        scheduled::attachments,
        scheduled::send_at,
        scheduled::created_at,
        scheduled::updated_at,
        scheduled::failed_code,
        scheduled::failed_message,
    )
}

impl From<ScheduledRow> for Scheduled {
    fn from(row: ScheduledRow) -> Self {
        let ScheduledRow {
            id,
            room,
            client_id,
            content,
            reply_to,
            thread_id,
            in_room,
            metadata,
            attachments,
            send_at,
            created_at,
            updated_at,
            failed_code,
            failed_message,
        } = row;
        let failed = failed_code.zip(failed_message);
        Self {
            id: ScheduledId(id),
            room: RoomId::from_stored(room),
            client_id: ClientId::from_stored(client_id),
            content: content.into(),
            reply_to: reply_to.map(MessageId),
            thread: thread_id.map(MessageId),
            in_room,
            metadata: metadata.map(Into::into),
            attachments: attachments.map(Into::into),
            send_at: Timestamp(send_at),
            created_at: Timestamp(created_at),
            updated_at: Timestamp(updated_at),
            failed: failed
                .map(|(code, message)| Failed { code: code.into(), message: message.into() }),
        }
    }
}
