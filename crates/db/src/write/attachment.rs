//! Attachments: uploaded by one, then part of a message, then gone.

use parlor_domain::{
    Attachment, AttachmentId, FileQuota, MessageId, RoomKey, ScheduledId, Timestamp, UserKey,
    Waveform,
};
use parlor_macros::each_backend;

use super::{Concern, Conn, Effects, Write, WriteError, Written, on};

/// An upload begins: from now on the sweeper knows of it, and as many bytes
/// as it may have count as stored.
#[derive(Clone, Copy, Debug)]
pub struct NewUpload {
    pub id: AttachmentId,
    pub uploader: UserKey,
    pub bytes: i64,
    pub quota: FileQuota,
    /// How many the uploader may have that are not sent.
    pub unsent_max: i64,
    pub at: Timestamp,
}

impl Write for NewUpload {
    type Outcome = ();

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::User(self.uploader)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<()> {
        on!(conn, begin, self)
    }

    fn effects(&self, (): &(), _: &mut Effects) {}
}

/// All of an attachment is in the store.
#[derive(Clone, Debug)]
pub struct NewAttachment {
    pub attachment: Attachment,
    pub uploader: UserKey,
    /// The bytes that were counted when it began.
    pub announced: i64,
    pub sha256: [u8; 32],
}

impl Write for NewAttachment {
    type Outcome = ();

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::User(self.uploader)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<()> {
        on!(conn, finish, self)
    }

    fn effects(&self, (): &(), _: &mut Effects) {}
}

/// An upload that came to nothing, or that nobody wants any more.
#[derive(Clone, Copy, Debug)]
pub struct DropUpload {
    pub id: AttachmentId,
    pub uploader: UserKey,
    /// Bytes that were counted when it began, and never came.
    pub unused: i64,
}

impl Write for DropUpload {
    type Outcome = ();

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::User(self.uploader)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<()> {
        on!(conn, drop_upload, self)
    }

    fn effects(&self, (): &(), _: &mut Effects) {}
}

/// Uploads that were found to be never finished, or not sent in time.
#[derive(Clone, Debug)]
pub struct ExpireUploads {
    pub ids: Vec<AttachmentId>,
    pub unsent_before: Timestamp,
}

impl Write for ExpireUploads {
    /// How many it were: no message has got them since.
    type Outcome = usize;

    fn concerns(&self) -> Vec<Concern> {
        Vec::new()
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<usize> {
        on!(conn, expire, self)
    }

    fn effects(&self, _: &usize, _: &mut Effects) {}
}

/// These are no longer in the store.
#[derive(Clone, Debug)]
pub struct ForgetFiles {
    pub ids: Vec<AttachmentId>,
}

impl Write for ForgetFiles {
    type Outcome = ();

    fn concerns(&self) -> Vec<Concern> {
        Vec::new()
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<()> {
        on!(conn, forget, &self.ids)
    }

    fn effects(&self, (): &(), _: &mut Effects) {}
}

#[each_backend]
pub mod backend {
    use diesel::{
        BoolExpressionMethods, Connection, ExpressionMethods, NullableExpressionMethods, QueryDsl,
        QueryResult, RunQueryDsl, result::Error,
    };

    use super::*;
    use crate::{
        backend::Conn,
        rows::attachment::{AttachmentRow, columns},
        schema::attachments,
        write::{file_usage::backend as file_usage, user::backend as user},
    };

    pub(super) fn begin(conn: &mut Conn, new: &NewUpload) -> Written<()> {
        let NewUpload { id, uploader, bytes, quota, unsent_max, at } = new;
        if user::find(conn, *uploader)?.is_none() {
            return Err(WriteError::NoSuchUser.into());
        }
        let loose = attachments::table
            .filter(attachments::uploader_key.eq(uploader.0))
            .filter(attachments::message_id.is_null())
            .filter(attachments::remove.eq(false));
        if loose.count().get_result::<i64>(conn)? >= *unsent_max {
            return Err(WriteError::TooManyUploads.into());
        }
        file_usage::take(conn, *uploader, *bytes, *quota, *at)?;
        diesel::insert_into(attachments::table)
            .values((
                attachments::id.eq(id.0),
                attachments::uploader_key.eq(uploader.0),
                attachments::name.eq(""),
                attachments::content_type.eq(""),
                attachments::size.eq(*bytes),
                attachments::created_at.eq(at.0),
            ))
            .execute(conn)?;
        Ok(())
    }

    pub(super) fn finish(conn: &mut Conn, new: &NewAttachment) -> Written<()> {
        let NewAttachment { attachment, uploader, announced, sha256 } = new;
        let Attachment {
            id,
            name,
            content_type,
            size,
            dimensions,
            thumbnail_type,
            duration_ms,
            waveform,
        } = attachment;
        let row = attachments::table
            .find(id.0)
            .filter(attachments::ready.eq(false).and(attachments::remove.eq(false)));
        let done = diesel::update(row)
            .set((
                attachments::name.eq(&**name),
                attachments::content_type.eq(&**content_type),
                attachments::size.eq(size),
                attachments::sha256.eq(sha256.as_slice()),
                attachments::width.eq(dimensions.map(|(width, _)| width)),
                attachments::height.eq(dimensions.map(|(_, height)| height)),
                attachments::thumbnail_type.eq(thumbnail_type.as_deref()),
                attachments::duration_ms.eq(duration_ms),
                attachments::waveform.eq(waveform.as_ref().map(Waveform::values)),
                attachments::ready.eq(true),
            ))
            .execute(conn)?;
        if done == 0 {
            return Err(WriteError::NoSuchAttachment.into());
        }
        file_usage::correct(conn, *uploader, announced - size)?;
        Ok(())
    }

    pub(super) fn drop_upload(conn: &mut Conn, upload: &DropUpload) -> Written<()> {
        let DropUpload { id, uploader, unused } = *upload;
        let own = attachments::table
            .find(id.0)
            .filter(attachments::uploader_key.eq(uploader.0))
            .filter(attachments::message_id.is_null())
            .filter(attachments::remove.eq(false));
        let dropped = diesel::update(own)
            .set(attachments::remove.eq(true))
            .returning((attachments::uploader_key, attachments::size))
            .get_results::<(i64, i64)>(conn)?;
        if dropped.is_empty() {
            return Err(WriteError::NoSuchAttachment.into());
        }
        file_usage::free(conn, &dropped)?;
        file_usage::forgive(conn, uploader, unused)?;
        Ok(())
    }

    pub(super) fn expire(conn: &mut Conn, expire: &ExpireUploads) -> Written<usize> {
        let ExpireUploads { ids, unsent_before } = expire;
        let keys: Vec<i64> = ids.iter().map(|id| id.0).collect();
        let old = attachments::ready.eq(false).or(attachments::created_at.lt(unsent_before.0));
        let unsent = attachments::table
            .filter(attachments::id.eq_any(keys))
            .filter(attachments::message_id.is_null())
            .filter(attachments::remove.eq(false))
            .filter(old);
        let expired = diesel::update(unsent)
            .set(attachments::remove.eq(true))
            .returning((attachments::uploader_key, attachments::size))
            .get_results::<(i64, i64)>(conn)?;
        file_usage::free(conn, &expired)?;
        Ok(expired.len())
    }

    /// Those of some uploads that their uploader may still make part of a message.
    pub fn loose(conn: &mut Conn, ids: &[i64], uploader: UserKey) -> QueryResult<Vec<Attachment>> {
        let loose = attachments::table
            .filter(attachments::id.eq_any(ids))
            .filter(attachments::uploader_key.eq(uploader.0))
            .filter(attachments::message_id.is_null())
            .filter(attachments::ready.and(attachments::remove.eq(false)));
        let rows = loose.select(columns()).load::<AttachmentRow>(conn)?;
        Ok(rows.into_iter().map(Attachment::from).collect())
    }

    /// Makes uploads part of a message. `None`, and nothing has changed, if any
    /// of them is not there, somebody else's, or another message's; those of the
    /// one that was scheduled become those of the message that comes of it.
    ///
    /// The condition is part of the change: another room's transaction may want
    /// the same file at the same time, and then waits here and finds it taken.
    pub fn claim(
        conn: &mut Conn,
        ids: &[AttachmentId],
        uploader: UserKey,
        room: RoomKey,
        message: MessageId,
        scheduled: Option<ScheduledId>,
    ) -> QueryResult<Option<Vec<Attachment>>> {
        let of_scheduled = scheduled.map(|id| id.0);
        let keys: Vec<i64> = ids.iter().map(|id| id.0).collect();
        let claimed = conn.transaction(|conn| {
            let loose = attachments::table
                .filter(attachments::id.eq_any(&keys))
                .filter(attachments::uploader_key.eq(uploader.0))
                .filter(
                    attachments::message_id.is_null().or(attachments::message_id.eq(of_scheduled)),
                )
                .filter(attachments::ready.and(attachments::remove.eq(false)));
            let rows = diesel::update(loose)
                .set((attachments::room_key.eq(room.0), attachments::message_id.eq(message.0)))
                .returning(columns())
                .get_results::<AttachmentRow>(conn)?;
            // What was claimed of them is given back.
            if rows.len() == keys.len() { Ok(rows) } else { Err(Error::RollbackTransaction) }
        });
        let mut claimed: Vec<Attachment> = match claimed {
            Ok(rows) => rows.into_iter().map(Attachment::from).collect(),
            Err(Error::RollbackTransaction) => return Ok(None),
            Err(error) => return Err(error),
        };
        claimed.sort_by_key(|attachment| ids.iter().position(|id| *id == attachment.id));
        Ok(Some(claimed))
    }

    /// The messages are gone, and with them what was attached.
    pub fn release(conn: &mut Conn, messages: &[i64]) -> QueryResult<()> {
        let attached = attachments::table
            .filter(attachments::message_id.assume_not_null().eq_any(messages))
            .filter(attachments::message_id.is_not_null())
            .filter(attachments::remove.eq(false));
        let released = diesel::update(attached)
            .set(attachments::remove.eq(true))
            .returning((attachments::uploader_key, attachments::size))
            .get_results::<(i64, i64)>(conn)?;
        file_usage::free(conn, &released)
    }

    /// What a user has uploaded and not sent, and what is counted of them.
    pub fn release_user(conn: &mut Conn, user: UserKey) -> QueryResult<()> {
        let loose = attachments::table
            .filter(attachments::uploader_key.eq(user.0))
            .filter(attachments::message_id.is_null());
        diesel::update(loose).set(attachments::remove.eq(true)).execute(conn)?;
        file_usage::forget(conn, user)
    }

    pub(super) fn forget(conn: &mut Conn, ids: &[AttachmentId]) -> Written<()> {
        let keys: Vec<i64> = ids.iter().map(|id| id.0).collect();
        let removed = attachments::table
            .filter(attachments::id.eq_any(keys))
            .filter(attachments::remove.eq(true));
        diesel::delete(removed).execute(conn)?;
        Ok(())
    }
}
