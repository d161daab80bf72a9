//! Files of an import. As with an upload, their rows are there before they are, so that
//! the sweeper finds those of which no message came.

use std::collections::BTreeSet;

use parlor_domain::{
    AttachmentId, FileQuota, MessageId, RoomKey, Timestamp, UserKey,
    archive::{Line, MessageName},
};
use parlor_macros::each_backend;

use super::{ImportChunk, ImportedFile};

#[each_backend]
pub(super) mod backend {
    use diesel::{ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl};

    use super::*;
    use crate::{
        backend::Conn,
        schema::attachments,
        write::{error::settled, file_usage::backend as usage, import::known::backend as known},
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

    /// Makes a file part of a message that is just being stored.
    pub(in crate::write::import) fn attach(
        conn: &mut Conn,
        file: &ImportedFile,
        (room, message, sender): (RoomKey, MessageId, UserKey),
        at: Timestamp,
    ) -> QueryResult<()> {
        let ImportedFile { attachment, sha256 } = file;
        let size = attachment.size;
        diesel::delete(attachments::table.find(attachment.id.0)).execute(conn)?;
        diesel::insert_into(attachments::table)
            .values((
                attachments::id.eq(attachment.id.0),
                attachments::uploader_key.eq(sender.0),
                attachments::room_key.eq(Some(room.0)),
                attachments::message_id.eq(Some(message.0)),
                attachments::name.eq(&*attachment.name),
                attachments::content_type.eq(&*attachment.content_type),
                attachments::size.eq(size),
                attachments::sha256.eq(Some(sha256.as_slice())),
                attachments::width.eq(attachment.dimensions.map(|(width, _)| width)),
                attachments::height.eq(attachment.dimensions.map(|(_, height)| height)),
                attachments::thumbnail_type.eq(attachment.thumbnail_type.as_deref()),
                attachments::created_at.eq(at.0),
                attachments::ready.eq(true),
            ))
            .execute(conn)?;
        // It counts as stored by the sender, and is none of a day's uploads. Without a
        // quota nothing is refused.
        let _ = settled(usage::take(conn, sender, size, FileQuota::default(), at))?;
        usage::forgive(conn, sender, size)
    }
}
