//! Files of an import: those that it stores itself, and those that were uploaded to a
//! server that runs. As with an upload, their rows are there before they are, so that
//! the sweeper finds those of which no message came.

use std::collections::{BTreeMap, BTreeSet};

use parlor_domain::{
    Attachment, AttachmentId, RoomKey, Timestamp, UserKey, Waveform,
    archive::{Line, MessageName},
    limits::LOOKED_UP_AT_ONCE,
};
use parlor_macros::each_backend;
use rustc_hash::FxHashMap;

use super::{ImportChunk, ImportInto, Imported, ImportedFile, LeftOut, fresh::Fresh};

#[each_backend]
pub(super) mod backend {
    use diesel::{ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl};

    use super::*;
    use crate::{
        backend::Conn,
        schema::attachments,
        write::{
            attachment::backend as attachment, file_usage::backend as file_usage,
            import::known::backend as known,
        },
    };

    /// The lines of a chunk whose files are to be stored: those of messages that are not
    /// there yet.
    pub fn wanted(conn: &mut Conn, chunk: &ImportChunk) -> QueryResult<BTreeSet<u64>> {
        let with_files = chunk.lines.iter().filter_map(|(line, of)| match of {
            Line::Message(message) if !message.attachments.is_empty() => Some((*line, message)),
            _ => None,
        });
        let with_files: Vec<_> =
            with_files.filter(|(_, message)| message.deleted_at.is_none()).collect();
        if with_files.is_empty() {
            return Ok(BTreeSet::new());
        }
        let rooms = known::of(conn, chunk)?.rooms;
        let name = |message: &parlor_domain::archive::Message| -> Option<(RoomKey, MessageName)> {
            Some((rooms.get(&message.room_id)?.key, message.message_id.clone()))
        };
        let names: Vec<_> = with_files.iter().filter_map(|(_, message)| name(message)).collect();
        let names = names.iter().map(|(room, name)| (*room, name)).collect();
        let there = known::find(conn, chunk.message_ids, &names)?;
        let is_new = |(_, message): &(u64, &parlor_domain::archive::Message)| {
            name(message).is_none_or(|name| !there.contains_key(&name))
        };
        Ok(with_files.into_iter().filter(is_new).map(|(line, _)| line).collect())
    }

    /// Makes rows for files that are about to be stored.
    pub fn reserve(conn: &mut Conn, ids: &[AttachmentId], at: Timestamp) -> QueryResult<()> {
        for id in ids {
            diesel::insert_into(attachments::table)
                .values((
                    attachments::id.eq(id.0),
                    // Nobody's yet.
                    attachments::uploader_key.eq(0),
                    attachments::name.eq(""),
                    attachments::content_type.eq(""),
                    attachments::size.eq(0),
                    attachments::created_at.eq(at.0),
                ))
                .execute(conn)?;
        }
        Ok(())
    }

    /// Makes the files of messages that are about to be stored part of them. A message of
    /// which nothing is left without them is left out.
    pub(in crate::write::import) fn attach(
        conn: &mut Conn,
        fresh: &mut Vec<Fresh<'_>>,
        chunk: &ImportChunk,
        done: &mut Imported,
    ) -> QueryResult<()> {
        let mut usage = BTreeMap::new();
        let mut uploads = match chunk.into {
            ImportInto::Unused { .. } => FxHashMap::default(),
            ImportInto::Running { by } => uploads_of(conn, fresh, by)?,
        };
        for one in fresh.iter_mut().filter(|one| has_files(one)) {
            match &chunk.into {
                ImportInto::Unused { files } => {
                    for file in files.get(&one.line).into_iter().flatten() {
                        store(conn, one, file, chunk.at)?;
                        one.files.push(file.attachment.clone());
                    }
                }
                ImportInto::Running { by } => {
                    one.files = taken(one, &mut uploads, done);
                    hand_over(conn, one, *by)?;
                    count(&mut usage, *by, &one.files, -1, -1);
                }
            }
            count(&mut usage, one.sender, &one.files, 1, 0);
        }
        fresh.retain(|one| {
            let says_something = one.says_something();
            if !says_something {
                done.leave_out(one.line, "message", "content", LeftOut::NoContent);
            }
            says_something
        });
        file_usage::shift(conn, &usage, chunk.at)
    }

    /// What who imports has uploaded of what the messages name.
    fn uploads_of(
        conn: &mut Conn,
        fresh: &[Fresh<'_>],
        by: UserKey,
    ) -> QueryResult<FxHashMap<AttachmentId, Attachment>> {
        let named = fresh.iter().filter(|one| has_files(one));
        let named = named.flat_map(|one| &one.message.attachments);
        let ids: Vec<i64> = named.filter_map(|file| file.upload).map(|id| id.0).collect();
        let mut uploads = FxHashMap::default();
        for some in ids.chunks(LOOKED_UP_AT_ONCE) {
            let loose = attachment::loose(conn, some, by)?;
            uploads.extend(loose.into_iter().map(|upload| (upload.id, upload)));
        }
        Ok(uploads)
    }

    /// Makes the row of a file that the import has stored.
    fn store(
        conn: &mut Conn,
        of: &Fresh<'_>,
        file: &ImportedFile,
        at: Timestamp,
    ) -> QueryResult<()> {
        let ImportedFile { attachment, sha256 } = file;
        diesel::delete(attachments::table.find(attachment.id.0)).execute(conn)?;
        diesel::insert_into(attachments::table)
            .values((
                attachments::id.eq(attachment.id.0),
                attachments::uploader_key.eq(of.sender.0),
                attachments::room_key.eq(Some(of.room.key.0)),
                attachments::message_id.eq(Some(of.id.0)),
                attachments::name.eq(&*attachment.name),
                attachments::content_type.eq(&*attachment.content_type),
                attachments::size.eq(attachment.size),
                attachments::sha256.eq(Some(sha256.as_slice())),
                attachments::width.eq(attachment.dimensions.map(|(width, _)| width)),
                attachments::height.eq(attachment.dimensions.map(|(_, height)| height)),
                attachments::thumbnail_type.eq(attachment.thumbnail_type.as_deref()),
                attachments::duration_ms.eq(attachment.duration_ms),
                attachments::waveform.eq(attachment.waveform.as_ref().map(Waveform::values)),
                attachments::created_at.eq(at.0),
                attachments::ready.eq(true),
            ))
            .execute(conn)
            .map(drop)
    }

    /// Makes the uploads of a message its sender's. Nobody has taken them since they were
    /// found: an import goes alone.
    fn hand_over(conn: &mut Conn, of: &Fresh<'_>, by: UserKey) -> QueryResult<()> {
        let ids: Vec<i64> = of.files.iter().map(|file| file.id.0).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let loose = attachments::table
            .filter(attachments::id.eq_any(&ids))
            .filter(attachments::uploader_key.eq(by.0))
            .filter(attachments::message_id.is_null());
        let changed = diesel::update(loose)
            .set((
                attachments::uploader_key.eq(of.sender.0),
                attachments::room_key.eq(of.room.key.0),
                attachments::message_id.eq(of.id.0),
            ))
            .execute(conn)?;
        match changed == ids.len() {
            true => Ok(()),
            false => Err(diesel::result::Error::NotFound),
        }
    }
}

fn has_files(one: &Fresh<'_>) -> bool {
    !one.message.attachments.is_empty() && !one.is_deleted()
}

/// Takes the uploads that a message names out of those that are there: all of them, or
/// none.
fn taken(
    of: &Fresh<'_>,
    uploads: &mut FxHashMap<AttachmentId, Attachment>,
    done: &mut Imported,
) -> Vec<Attachment> {
    let named = &of.message.attachments;
    let ids: Vec<AttachmentId> = named.iter().filter_map(|one| one.upload).collect();
    if ids.len() < named.len() {
        done.without(of.line, "attachments", LeftOut::NotUploaded);
    }
    if !ids.iter().all(|id| uploads.contains_key(id)) {
        done.without(of.line, "attachments", LeftOut::UnknownUpload);
        return Vec::new();
    }
    ids.iter().filter_map(|id| uploads.remove(id)).collect()
}

/// Adds files to what is counted of a user: as stored, and as uploaded on the day.
fn count(
    usage: &mut BTreeMap<UserKey, (i64, i64)>,
    user: UserKey,
    files: &[Attachment],
    stored: i64,
    recent: i64,
) {
    let size: i64 = files.iter().map(|file| file.size).sum();
    if size > 0 {
        let of = usage.entry(user).or_default();
        *of = (of.0 + stored * size, of.1 + recent * size);
    }
}
