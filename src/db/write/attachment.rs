//! Attachments: uploaded by one, then part of a message, then gone.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, NullableExpressionMethods, OptionalExtension,
    QueryDsl, QueryResult, RunQueryDsl,
};

use super::{
    Conn, NewAttachment, WriteError, WriteResult, Written,
    rows::attachment::{AttachmentRow, columns},
    schema::attachments,
};
use crate::{
    domain::{Attachment, AttachmentId, MessageId, RoomKey, Timestamp, UserKey},
    limits::UPLOADS_PER_USER,
};

/// An upload begins: from now on the sweeper knows of it.
pub(super) fn begin(
    conn: &mut Conn,
    id: AttachmentId,
    uploader: UserKey,
    at: Timestamp,
) -> QueryResult<WriteResult> {
    let loose = attachments::table
        .filter(attachments::uploader_key.eq(uploader.0))
        .filter(attachments::message_id.is_null())
        .filter(attachments::remove.eq(false));
    if loose.count().get_result::<i64>(conn)? >= UPLOADS_PER_USER {
        return Ok(Err(WriteError::TooManyUploads));
    }
    diesel::insert_into(attachments::table)
        .values((
            attachments::id.eq(id.0),
            attachments::uploader_key.eq(uploader.0),
            attachments::name.eq(""),
            attachments::content_type.eq(""),
            attachments::size.eq(0),
            attachments::created_at.eq(at.0),
        ))
        .execute(conn)?;
    Ok(Ok(Written::Done))
}

/// All of it is in the store.
pub(super) fn finish(conn: &mut Conn, new: &NewAttachment) -> QueryResult<WriteResult> {
    let NewAttachment { attachment, sha256 } = new;
    let Attachment { id, name, content_type, size, dimensions, thumbnail_type } = attachment;
    let row = attachments::table.find(id.0).filter(attachments::remove.eq(false));
    let done = diesel::update(row)
        .set((
            attachments::name.eq(&**name),
            attachments::content_type.eq(&**content_type),
            attachments::size.eq(size),
            attachments::sha256.eq(sha256.as_slice()),
            attachments::width.eq(dimensions.map(|(width, _)| width)),
            attachments::height.eq(dimensions.map(|(_, height)| height)),
            attachments::thumbnail_type.eq(thumbnail_type.as_deref()),
            attachments::ready.eq(true),
        ))
        .execute(conn)?;
    Ok(if done > 0 { Ok(Written::Done) } else { Err(WriteError::NoSuchAttachment) })
}

/// An upload that came to nothing, or that nobody wants any more.
pub(super) fn drop_upload(
    conn: &mut Conn,
    id: AttachmentId,
    uploader: UserKey,
) -> QueryResult<WriteResult> {
    let own = attachments::table
        .find(id.0)
        .filter(attachments::uploader_key.eq(uploader.0))
        .filter(attachments::message_id.is_null())
        .filter(attachments::remove.eq(false));
    let dropped = diesel::update(own).set(attachments::remove.eq(true)).execute(conn)?;
    Ok(if dropped > 0 { Ok(Written::Done) } else { Err(WriteError::NoSuchAttachment) })
}

/// Makes uploads part of a message. `None`, and nothing has changed, if any
/// of them is not there, somebody else's, or another message's.
pub(super) fn claim(
    conn: &mut Conn,
    ids: &[AttachmentId],
    uploader: UserKey,
    room: RoomKey,
    message: MessageId,
) -> QueryResult<Option<Vec<Attachment>>> {
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        let loose = attachments::table
            .find(id.0)
            .filter(attachments::uploader_key.eq(uploader.0))
            .filter(attachments::message_id.is_null())
            .filter(attachments::ready.and(attachments::remove.eq(false)))
            .select(columns());
        match loose.first::<AttachmentRow>(conn).optional()? {
            Some(row) => found.push(Attachment::from(row)),
            None => return Ok(None),
        }
    }
    let keys: Vec<i64> = ids.iter().map(|id| id.0).collect();
    diesel::update(attachments::table.filter(attachments::id.eq_any(keys)))
        .set((attachments::room_key.eq(room.0), attachments::message_id.eq(message.0)))
        .execute(conn)?;
    Ok(Some(found))
}

/// The messages are gone, and with them what was attached.
pub(super) fn release(conn: &mut Conn, messages: &[i64]) -> QueryResult<()> {
    let attached =
        attachments::table.filter(attachments::message_id.assume_not_null().eq_any(messages));
    diesel::update(attached.filter(attachments::message_id.is_not_null()))
        .set(attachments::remove.eq(true))
        .execute(conn)
        .map(drop)
}

/// What a user has uploaded and not sent.
pub(super) fn release_user(conn: &mut Conn, user: UserKey) -> QueryResult<()> {
    let loose = attachments::table
        .filter(attachments::uploader_key.eq(user.0))
        .filter(attachments::message_id.is_null());
    diesel::update(loose).set(attachments::remove.eq(true)).execute(conn).map(drop)
}

/// These are no longer in the store.
pub(super) fn gone(conn: &mut Conn, ids: &[AttachmentId]) -> QueryResult<WriteResult> {
    let keys: Vec<i64> = ids.iter().map(|id| id.0).collect();
    diesel::delete(attachments::table.filter(attachments::id.eq_any(keys))).execute(conn)?;
    Ok(Ok(Written::Done))
}
