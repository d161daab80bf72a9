//! Everything that is stored about a user, as JSON.

use std::collections::VecDeque;

use actix_web::{HttpResponse, http::header, web};
use bytes::Bytes;
use futures_util::stream;
use schemars::JsonSchema;
use serde::Serialize;

use super::{State, events::EventView, extract::UsersAdmin, reply::Reply, request::OfUser};
use crate::{
    auth::Client,
    db::{FollowedThreads, Needs, Reacted, ReadError, Reader},
    error::ApiError,
    protocol::{
        AttachmentView, DeviceView, DraftView, MessageView, OwnReportView, ProfileView, QuietView,
        ReceiptView, RoomView, SavedMessageView, ScheduledView, ThreadStateView, UserView,
    },
};
use parlor_domain::{
    MessageId, ReportId, RoomKey, Seq, Timestamp, User, UserId,
    limits::{EXPORT_PIECE, LIST_PAGE_MAX, WRITTEN_BY_WINDOW},
};

/// All of it, which is sent piece by piece.
#[derive(Serialize, JsonSchema)]
pub(super) struct Export<'a> {
    user: ProfileView<'a>,
    quiet: Option<QuietView>,
    devices: Vec<DeviceView<'a>>,
    rooms: Vec<RoomView<'a>>,
    receipts: Vec<RoomReceipt<'a>>,
    blocked: Vec<UserView<'a>>,
    drafts: Vec<DraftView<'a>>,
    threads: Vec<ThreadStateView<'a>>,
    saved: Vec<SavedMessageView<'a>>,
    scheduled: Vec<ScheduledView<'a>>,
    reported: Vec<OwnReportView<'a>>,
    reactions: Vec<OwnReaction<'a>>,
    inbox: Vec<EventView<'a>>,
    uploads: Vec<AttachmentView<'a>>,
    messages: Vec<MessageView<'a>>,
}

#[derive(Serialize, JsonSchema)]
struct RoomReceipt<'a> {
    room_id: &'a str,
    #[serde(flatten)]
    receipt: ReceiptView<'a>,
}

/// How the user has reacted to a message.
#[derive(Serialize, JsonSchema)]
struct OwnReaction<'a> {
    message_id: String,
    emoji: &'a str,
    created_at: String,
}

impl<'a> From<&'a Reacted> for OwnReaction<'a> {
    fn from(Reacted { message, emoji, at }: &'a Reacted) -> Self {
        Self { message_id: message.0.to_string(), emoji, created_at: at.to_rfc3339() }
    }
}

/// What an export is read from. A replica will do, if it has all that was there
/// when the export began.
#[derive(Clone)]
struct Source {
    reader: Reader,
    needs: Needs,
}

impl Source {
    async fn read<T>(
        &self,
        read: impl AsyncFn(&Reader) -> Result<T, ReadError>,
    ) -> Result<T, ReadError> {
        self.reader.offload(self.needs, read).await
    }
}

/// Where the export is. Each step is one piece of the document, of a bounded
/// number of entries.
enum Step {
    Start,
    Rooms(RoomKey),
    Receipts(RoomKey),
    Blocked(Option<UserId>),
    /// Older than this.
    Drafts(Timestamp),
    Threads(MessageId),
    /// What the user has reported.
    Reported(ReportId),
    /// Saved before this.
    Saved(Timestamp),
    /// After so many.
    Scheduled(i64),
    Reactions(Option<Reacted>),
    Inbox(Seq),
    Uploads,
    /// What was found and is still to be read; where to look on, `None` at
    /// the end.
    Messages {
        found: VecDeque<MessageId>,
        next: Option<MessageId>,
    },
    End,
}

impl Step {
    /// The first step of the messages.
    fn messages() -> Self {
        Self::Messages { found: VecDeque::new(), next: Some(MessageId(0)) }
    }
}

/// A piece of the document.
#[derive(Default)]
struct Text {
    text: String,
    /// The list that it is in has entries already.
    has_entry: bool,
}

impl Text {
    fn entry(&mut self, view: &impl Serialize) {
        if std::mem::replace(&mut self.has_entry, true) {
            self.text.push(',');
        }
        self.text.push_str(&serde_json::to_string(view).expect("texts and numbers are JSON"));
    }

    /// Ends a list and begins the next one.
    fn list(&mut self, name: &str) {
        self.text.push_str(&format!("],\"{name}\":["));
        self.has_entry = false;
    }
}

/// One JSON document, sent as it is read, so that a user with a million
/// messages needs no more memory than one without. What is read goes through
/// the audit like every change, because it may be anyone's.
pub(super) async fn user(
    (admin, client): (UsersAdmin, Client),
    state: web::Data<State>,
    OfUser { user_id }: OfUser,
) -> Result<Reply<Export<'static>>, ApiError> {
    let user = state.known_user(&user_id).await?;
    let action = "GET /api/v1/users/{user}/export".to_owned();
    state.audit(&admin.identity(), action, user_id.to_string(), Some(client)).await?;
    let needs = state.reader.needs_all_by_now().await?;
    let source = Source { reader: state.reader.clone(), needs };
    let pieces = stream::try_unfold((Step::Start, false), move |(step, has_entry)| {
        let (source, user) = (source.clone(), user.clone());
        async move {
            let mut text = Text { has_entry, ..Text::default() };
            let Some(step) = next(&source, &user, step, &mut text).await? else { return Ok(None) };
            Ok::<_, ReadError>(Some((Bytes::from(text.text), (step, text.has_entry))))
        }
    });
    let json = (header::CONTENT_TYPE, "application/json");
    Ok(Reply::made(HttpResponse::Ok().insert_header(json).streaming(pieces)))
}

/// Writes one piece; gives the next step.
async fn next(
    source: &Source,
    user: &User,
    step: Step,
    text: &mut Text,
) -> Result<Option<Step>, ReadError> {
    Ok(Some(match step {
        Step::Start => {
            // One who is deleted just now has nothing more to tell.
            let profile = source.reader.profile(user.key).await?;
            let view = profile.as_ref().map(ProfileView::whole);
            let view = serde_json::to_string(&view).expect("texts and numbers are JSON");
            let quiet = source.reader.quiet_time(user.key).await?.map(QuietView::from);
            let quiet = serde_json::to_string(&quiet).expect("texts and numbers are JSON");
            text.text.push_str(&format!("{{\"user\":{view},\"quiet\":{quiet},\"devices\":["));
            // At most `DEVICES_PER_USER`.
            let devices = source.reader.devices(user.key).await?;
            devices.iter().for_each(|device| text.entry(&DeviceView::from(device)));
            text.list("rooms");
            Step::Rooms(RoomKey(0))
        }
        Step::Rooms(after) => {
            let page =
                async |reader: &Reader| reader.rooms_after(user.key, after, LIST_PAGE_MAX).await;
            let (rooms, more) = source.read(page).await?;
            rooms.iter().for_each(|room| text.entry(&RoomView::from(room)));
            match rooms.last().filter(|_| more) {
                Some(last) => Step::Rooms(last.room.key),
                None => {
                    text.list("receipts");
                    Step::Receipts(RoomKey(0))
                }
            }
        }
        Step::Receipts(after) => {
            let page =
                async |reader: &Reader| reader.marks_of(user.key, after, LIST_PAGE_MAX).await;
            let (marks, last) = source.read(page).await?;
            for (room, receipt) in &marks {
                text.entry(&RoomReceipt { room_id: room.as_str(), receipt: receipt.into() });
            }
            match last {
                Some(last) => Step::Receipts(last),
                None => {
                    text.list("blocked");
                    Step::Blocked(None)
                }
            }
        }
        Step::Blocked(after) => {
            let page = async |reader: &Reader| {
                reader.blocked_by(user.key, after.as_ref(), LIST_PAGE_MAX).await
            };
            let (blocked, more) = source.read(page).await?;
            blocked.iter().for_each(|user| text.entry(&UserView::from(user)));
            match blocked.last().filter(|_| more) {
                Some(last) => Step::Blocked(Some(last.id.clone())),
                None => {
                    text.list("drafts");
                    Step::Drafts(Timestamp(i64::MAX))
                }
            }
        }
        Step::Drafts(before) => {
            let page = async |reader: &Reader| {
                let limit = i64::try_from(EXPORT_PIECE).unwrap_or(1);
                reader.drafts(user.key, before, limit).await
            };
            let (drafts, more) = source.read(page).await?;
            drafts.iter().for_each(|draft| text.entry(&DraftView::from(draft)));
            match drafts.last().filter(|_| more) {
                Some(last) => Step::Drafts(last.updated_at),
                None => {
                    text.list("threads");
                    Step::Threads(MessageId(i64::MAX))
                }
            }
        }
        Step::Threads(before) => {
            let page = async |reader: &Reader| {
                let limit = i64::try_from(EXPORT_PIECE).unwrap_or(1);
                reader.followed_threads(user.key, None, before, limit).await
            };
            let FollowedThreads { threads, more, .. } = source.read(page).await?;
            threads.iter().for_each(|thread| text.entry(&ThreadStateView::from(&thread.state)));
            match threads.last().filter(|_| more) {
                Some(last) => Step::Threads(last.newest),
                None => {
                    text.list("saved");
                    Step::Saved(Timestamp(i64::MAX))
                }
            }
        }
        Step::Saved(before) => {
            let page = async |reader: &Reader| {
                let limit = i64::try_from(EXPORT_PIECE).unwrap_or(1);
                reader.saved(user.key, before, limit).await
            };
            let (saved, more) = source.read(page).await?;
            saved.iter().for_each(|one| text.entry(&SavedMessageView::from(one)));
            match saved.last().and_then(|(last, _)| last.saved_at).filter(|_| more) {
                Some(last) => Step::Saved(last),
                None => {
                    text.list("scheduled");
                    Step::Scheduled(0)
                }
            }
        }
        Step::Scheduled(after) => {
            let limit = i64::try_from(EXPORT_PIECE).unwrap_or(1);
            let page = async |reader: &Reader| reader.scheduled(user.key, None, after, limit).await;
            let (scheduled, more) = source.read(page).await?;
            scheduled.iter().for_each(|one| text.entry(&ScheduledView::from(one)));
            match more {
                true => Step::Scheduled(after + limit),
                false => {
                    text.list("reported");
                    Step::Reported(ReportId(0))
                }
            }
        }
        Step::Reported(after) => {
            let page = async |reader: &Reader| {
                reader.reported_by_user(user.key, after, LIST_PAGE_MAX).await
            };
            let (reported, more) = source.read(page).await?;
            reported.iter().for_each(|one| text.entry(&OwnReportView::from(one)));
            match reported.last().filter(|_| more) {
                Some(last) => Step::Reported(last.id),
                None => {
                    text.list("reactions");
                    Step::Reactions(None)
                }
            }
        }
        Step::Reactions(after) => {
            let page = async |reader: &Reader| {
                reader.reactions_of(user.key, after.as_ref(), LIST_PAGE_MAX).await
            };
            let (mut reactions, more) = source.read(page).await?;
            reactions.iter().for_each(|reaction| text.entry(&OwnReaction::from(reaction)));
            match reactions.pop().filter(|_| more) {
                Some(last) => Step::Reactions(Some(last)),
                None => {
                    text.list("inbox");
                    Step::Inbox(Seq::ZERO)
                }
            }
        }
        Step::Inbox(after) => {
            // Also what is too old to be told and not deleted yet.
            let limit = i64::try_from(EXPORT_PIECE).unwrap_or(1);
            let page = async |reader: &Reader| {
                reader.inbox(user.key, after, Timestamp(i64::MIN), limit).await
            };
            let events = source.read(page).await?;
            events.iter().for_each(|event| text.entry(&EventView::of_inbox(event)));
            match events.last() {
                Some(last) => Step::Inbox(last.inbox_seq),
                None => {
                    text.list("uploads");
                    Step::Uploads
                }
            }
        }
        // At most `UPLOADS_PER_BACKEND`.
        Step::Uploads => {
            let all = async |reader: &Reader| reader.unsent_uploads(user.key).await;
            let uploads = source.read(all).await?;
            uploads.iter().for_each(|upload| text.entry(&AttachmentView::from(upload)));
            text.list("messages");
            Step::messages()
        }
        Step::Messages { found, next } => messages(source, user, (found, next), text).await?,
        Step::End => return Ok(None),
    }))
}

async fn messages(
    source: &Source,
    user: &User,
    (mut found, mut next): (VecDeque<MessageId>, Option<MessageId>),
    text: &mut Text,
) -> Result<Step, ReadError> {
    if let (true, Some(after)) = (found.is_empty(), next) {
        let window =
            async |reader: &Reader| reader.written_by(user.key, after, WRITTEN_BY_WINDOW).await;
        let (ids, end) = source.read(window).await?;
        (found, next) = (ids.into(), end);
    }
    let piece: Vec<MessageId> = found.drain(..found.len().min(EXPORT_PIECE)).collect();
    let messages = async |reader: &Reader| reader.messages_by_id(&piece).await;
    for message in source.read(messages).await? {
        text.entry(&MessageView::from(&message));
    }
    if found.is_empty() && next.is_none() {
        text.text.push_str("]}");
        return Ok(Step::End);
    }
    Ok(Step::Messages { found, next })
}
