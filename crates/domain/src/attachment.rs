//! Attachments: the files of a message, and an upload before it is sent.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::{MessageId, RoomKey, Timestamp, UserKey, Waveform, Whole, limits::MEDIA_MS_MAX};

/// How long sound or a film plays, in milliseconds.
pub type MediaMs = Whole<1, MEDIA_MS_MAX>;

/// An attachment's public id: random, so that nobody guesses another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AttachmentId(pub i64);

impl AttachmentId {
    /// Reads the decimal text that ids have in JSON.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse().ok().filter(|id| *id > 0).map(Self)
    }
}

impl Serialize for AttachmentId {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

/// What is attached to a message, or may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    pub id: AttachmentId,
    pub name: Arc<str>,
    /// As the bytes say; what the uploader said is not asked.
    pub content_type: Arc<str>,
    pub size: i64,
    /// Of an image or a film, in pixels.
    pub dimensions: Option<(i64, i64)>,
    /// The type of its thumbnail, if there is one.
    pub thumbnail_type: Option<Arc<str>>,
    /// How long sound or a film plays, in milliseconds; `None` if that is not known.
    pub duration_ms: Option<i64>,
    /// How loud it is over time, if who has sent it told.
    pub waveform: Option<Waveform>,
}

/// A file that was uploaded, as it is shown; and as it is kept with its message,
/// since it does not change.
#[derive(Serialize, JsonSchema)]
pub struct AttachmentView<'a> {
    attachment_id: AttachmentId,
    name: &'a str,
    content_type: &'a str,
    size: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    waveform: Option<&'a Waveform>,
    has_thumbnail: bool,
}

impl<'a> From<&'a Attachment> for AttachmentView<'a> {
    fn from(attachment: &'a Attachment) -> Self {
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
        Self {
            attachment_id: *id,
            name,
            content_type,
            size: *size,
            width: dimensions.map(|(width, _)| width),
            height: dimensions.map(|(_, height)| height),
            duration_ms: *duration_ms,
            waveform: waveform.as_ref(),
            has_thumbnail: thumbnail_type.is_some(),
        }
    }
}

/// An attachment with what decides who may have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredAttachment {
    pub attachment: Attachment,
    pub uploader: UserKey,
    /// `None` until a message has it.
    pub place: Option<(RoomKey, MessageId)>,
    /// Hexadecimal.
    pub sha256: String,
    pub created_at: Timestamp,
}
