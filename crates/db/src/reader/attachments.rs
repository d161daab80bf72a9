use diesel::{
    BoolExpressionMethods, ExpressionMethods, JoinOnDsl, NullableExpressionMethods,
    OptionalExtension, QueryDsl,
};
use diesel_async::RunQueryDsl;

use super::{ReadError, Reader, read};
use crate::{
    rows::attachment::{AttachmentRow, columns},
    schema::{attachments, scheduled},
};
use parlor_domain::{
    Attachment, AttachmentId, MessageId, RoomKey, StoredAttachment, Timestamp, UserKey,
};

type Place = (i64, Option<i64>, Option<i64>, Option<i64>, Option<Vec<u8>>, i64);

impl Reader {
    /// An attachment that is there as a whole.
    pub async fn attachment(
        &self,
        id: AttachmentId,
    ) -> Result<Option<StoredAttachment>, ReadError> {
        // Until a message comes of one that was scheduled, its files are the uploader's own.
        let of_scheduled = scheduled::id.nullable().eq(attachments::message_id);
        let query = attachments::table
            .left_join(scheduled::table.on(of_scheduled))
            .filter(attachments::id.eq(id.0))
            .filter(attachments::ready.and(attachments::remove.eq(false)))
            .select((
                columns(),
                (
                    attachments::uploader_key,
                    attachments::room_key,
                    attachments::message_id,
                    scheduled::id.nullable(),
                    attachments::sha256,
                    attachments::created_at,
                ),
            ));
        let row =
            read!(self, |conn| query.first::<(AttachmentRow, Place)>(&mut conn).await.optional())?;
        Ok(row.map(|(row, (uploader, room, message, scheduled, sha256, created_at))| {
            StoredAttachment {
                attachment: row.into(),
                uploader: UserKey(uploader),
                place: room
                    .map(RoomKey)
                    .zip(message.map(MessageId))
                    .filter(|_| scheduled.is_none()),
                sha256: sha256
                    .unwrap_or_default()
                    .iter()
                    .map(|byte| format!("{byte:02x}"))
                    .collect(),
                created_at: Timestamp(created_at),
            }
        }))
    }

    /// What a user has uploaded and not sent, at most
    /// [`UPLOADS_PER_BACKEND`](parlor_domain::limits::UPLOADS_PER_BACKEND).
    pub async fn unsent_uploads(&self, uploader: UserKey) -> Result<Vec<Attachment>, ReadError> {
        let query = attachments::table
            .filter(attachments::uploader_key.eq(uploader.0))
            .filter(attachments::message_id.is_null())
            .filter(attachments::ready.and(attachments::remove.eq(false)))
            .order(attachments::id)
            .select(columns());
        let rows = read!(self, |conn| query.load::<AttachmentRow>(&mut conn).await)?;
        Ok(rows.into_iter().map(Attachment::from).collect())
    }

    /// Uploads that nobody will send any more: whole ones from before a time,
    /// and those from before another that have not come to their end.
    pub async fn attachments_to_expire(
        &self,
        unsent_before: Timestamp,
        unfinished_before: Timestamp,
        limit: i64,
    ) -> Result<Vec<AttachmentId>, ReadError> {
        let unfinished =
            attachments::ready.eq(false).and(attachments::created_at.lt(unfinished_before.0));
        let query = attachments::table
            .filter(attachments::message_id.is_null())
            .filter(attachments::remove.eq(false))
            .filter(attachments::created_at.lt(unsent_before.0).or(unfinished))
            .limit(limit)
            .select(attachments::id);
        let ids = read!(self, |conn| query.load::<i64>(&mut conn).await)?;
        Ok(ids.into_iter().map(AttachmentId).collect())
    }

    /// What is to be taken out of the store.
    pub async fn attachments_to_remove(&self, limit: i64) -> Result<Vec<AttachmentId>, ReadError> {
        let query = attachments::table
            .filter(attachments::remove)
            .order(attachments::created_at)
            .limit(limit)
            .select(attachments::id);
        let ids = read!(self, |conn| query.load::<i64>(&mut conn).await)?;
        Ok(ids.into_iter().map(AttachmentId).collect())
    }
}
