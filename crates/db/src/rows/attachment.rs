//! An attachment as it is stored.

use diesel::Queryable;

use crate::schema::attachments;
use parlor_domain::{Attachment, AttachmentId, Waveform};

#[derive(Queryable)]
pub(crate) struct AttachmentRow {
    id: i64,
    name: String,
    content_type: String,
    size: i64,
    width: Option<i64>,
    height: Option<i64>,
    thumbnail_type: Option<String>,
    duration_ms: Option<i64>,
    waveform: Option<Vec<u8>>,
}

/// The columns of an [`AttachmentRow`].
#[diesel::dsl::auto_type]
pub(crate) fn columns() -> _ {
    (
        attachments::id,
        attachments::name,
        attachments::content_type,
        attachments::size,
        attachments::width,
        attachments::height,
        attachments::thumbnail_type,
        attachments::duration_ms,
        attachments::waveform,
    )
}

impl From<AttachmentRow> for Attachment {
    fn from(row: AttachmentRow) -> Self {
        let AttachmentRow {
            id,
            name,
            content_type,
            size,
            width,
            height,
            thumbnail_type,
            duration_ms,
            waveform,
        } = row;
        Self {
            id: AttachmentId(id),
            name: name.into(),
            content_type: content_type.into(),
            size,
            dimensions: width.zip(height),
            thumbnail_type: thumbnail_type.map(Into::into),
            duration_ms,
            waveform: waveform.map(Waveform::from_stored),
        }
    }
}
