//! The body of a webhook.

use std::sync::Arc;

use serde::Serialize;
use tokio::sync::Semaphore;

use super::UNREAD;
use crate::{
    db::{Letter, ReadError, Reader, UnreadSummary},
    protocol::{FollowedThreadView, MessageView, ReportView, RoomView},
};
use parlor_domain::{
    REMINDER,
    limits::{UNREAD_COUNTED_AT_ONCE, UNREAD_ROOMS_TOLD},
};

#[derive(Serialize)]
struct Payload<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    timestamp: String,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    room_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<i64>,
    /// Why the user is no member any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    /// As it is when it is told; left out once it is gone with its room.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<MessageView<'a>>,
    /// The report that it is about, as it is when it is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<ReportView<'a>>,
    #[serde(flatten)]
    unread: Option<Unread<'a>>,
    /// What the user has noted with a message that they are reminded of.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
}

/// What a user has not read when it is told, in rooms of which they want to be told.
#[derive(Serialize)]
struct Unread<'a> {
    unread: i64,
    mentions: i64,
    rooms_total: usize,
    /// The newest of them.
    rooms: Vec<RoomView<'a>>,
    threads_total: usize,
    /// The newest of the threads that the user follows, beside the rooms.
    threads: Vec<FollowedThreadView<'a>>,
}

impl<'a> From<&'a UnreadSummary> for Unread<'a> {
    fn from(summary: &'a UnreadSummary) -> Self {
        let UnreadSummary { unread, mentions, rooms, newest, threads, newest_threads } = summary;
        Self {
            unread: *unread,
            mentions: *mentions,
            rooms_total: *rooms,
            rooms: newest.iter().map(RoomView::from).collect(),
            threads_total: *threads,
            threads: newest_threads.iter().map(FollowedThreadView::from).collect(),
        }
    }
}

static COUNTING: Semaphore = Semaphore::const_new(UNREAD_COUNTED_AT_ONCE);

/// What the user of a letter has not read; `None` if that is nothing any more, or a later
/// letter says it: those that pile up while a receiver is away would all say the same.
async fn unread(reader: &Reader, letter: &Letter) -> Result<Option<UnreadSummary>, ReadError> {
    let Some(id) = &letter.user else { return Ok(None) };
    let _place = COUNTING.acquire().await;
    if reader.is_outdated(letter).await? {
        return Ok(None);
    }
    let Some(user) = reader.user(id).await? else { return Ok(None) };
    let summary = reader.unread_summary(user.key, UNREAD_ROOMS_TOLD).await?;
    Ok(Some(summary).filter(|summary| summary.unread > 0))
}

/// The note of a reminder; `None` also if the user has saved the message no more.
async fn note(reader: &Reader, letter: &Letter) -> Result<Option<Arc<str>>, ReadError> {
    let (Some(id), Some(message), REMINDER) = (&letter.user, letter.message, &*letter.kind) else {
        return Ok(None);
    };
    let Some(user) = reader.user(id).await? else { return Ok(None) };
    Ok(reader.saved_of(user.key, message).await?.and_then(|saved| saved.note))
}

/// `None`: there is nothing to tell any more.
pub(super) async fn payload(reader: &Reader, letter: &Letter) -> Result<Option<String>, ReadError> {
    let unread = match letter.kind == UNREAD {
        true => Some(unread(reader, letter).await?),
        false => None,
    };
    if matches!(unread, Some(None)) {
        return Ok(None);
    }
    let unread = unread.flatten();
    let message = match letter.message {
        Some(id) => reader.message(id).await?,
        None => None,
    };
    let report = match letter.report {
        Some(id) => match reader.report(id).await? {
            None => return Ok(None),
            report => report,
        },
        None => None,
    };
    let note = note(reader, letter).await?;
    let payload = Payload {
        kind: &letter.kind,
        timestamp: letter.at.to_rfc3339(),
        data: Data {
            room_id: letter.lane.strip_prefix("room "),
            user_id: letter.user.as_ref().map(|user| user.as_str()),
            message_id: letter.message.map(|id| id.0.to_string()),
            seq: letter.seq.map(|seq| seq.0),
            reason: letter.reason.as_deref(),
            message: message.as_ref().map(MessageView::from),
            report: report.as_ref().map(ReportView::from),
            unread: unread.as_ref().map(Unread::from),
            note: note.as_deref(),
        },
    };
    Ok(Some(serde_json::to_string(&payload).expect("texts and numbers are JSON")))
}
