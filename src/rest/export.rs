//! All that is stored of one user, as JSON.

use std::collections::VecDeque;

use actix_web::{HttpResponse, http::header, web};
use bytes::Bytes;
use futures_util::stream;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    State,
    extract::{Admin, user_id},
};
use crate::{
    auth::Client,
    db::{ReadError, Reader},
    domain::{MessageId, User},
    error::ApiError,
    limits::{EXPORT_PIECE, LIST_PAGE_MAX, WRITTEN_BY_WINDOW},
    protocol::{MessageView, ReceiptView, RoomView, UserView},
};

/// What is known of a user besides their messages.
#[derive(Serialize, JsonSchema)]
pub(super) struct ExportHead<'a> {
    user: UserView<'a>,
    rooms: Vec<RoomView<'a>>,
    receipts: Vec<RoomReceipt<'a>>,
    blocked: Vec<UserView<'a>>,
}

#[derive(Serialize, JsonSchema)]
struct RoomReceipt<'a> {
    room_id: &'a str,
    #[serde(flatten)]
    receipt: ReceiptView<'a>,
}

/// Where the export is. Each step is one piece of the document, of at most
/// [`EXPORT_PIECE`] messages.
enum Step {
    /// What was found and is still to be read; where to look on, `None` at
    /// the end.
    Messages {
        found: VecDeque<MessageId>,
        next: Option<MessageId>,
        first: bool,
    },
    End,
}

/// One JSON document, sent as it is read, so that a user with a million
/// messages needs no more memory than one without. What is read goes through
/// the audit like every change, because it may be anyone's.
pub async fn user(
    state: web::Data<State>,
    Admin(who): Admin,
    client: Client,
    user: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let id = user_id(&user)?;
    let missing = || ApiError::not_found("user");
    let user = state.reader.user(&id).await?.ok_or_else(missing)?;
    state
        .audit(&who, "GET /api/v1/users/{user}/export".to_owned(), id.to_string(), Some(client))
        .await?;
    let head = head(&state.reader, &user).await?;
    let reader = state.reader.clone();
    let (found, from) = (VecDeque::new(), Some(MessageId(0)));
    let start = Step::Messages { found, next: from, first: true };
    let messages = stream::try_unfold(start, move |step| {
        let (reader, user) = (reader.clone(), user.clone());
        async move { next(&reader, &user, step).await }
    });
    let head = stream::once(std::future::ready(Ok::<_, ReadError>(Bytes::from(head))));
    let body = futures_util::StreamExt::chain(head, messages);
    Ok(HttpResponse::Ok().insert_header((header::CONTENT_TYPE, "application/json")).streaming(body))
}

async fn head(reader: &Reader, user: &User) -> Result<String, ApiError> {
    let rooms = reader.memberships(user.key).await?;
    let marks = reader.marks_of(user.key).await?;
    let mut blocked = Vec::new();
    loop {
        let after = blocked.last().map(|user: &User| user.id.clone());
        let (page, more) = reader.blocked_by(user.key, after.as_ref(), LIST_PAGE_MAX).await?;
        blocked.extend(page);
        if !more {
            break;
        }
    }
    let head = ExportHead {
        user: user.into(),
        rooms: rooms.iter().map(RoomView::from).collect(),
        receipts: marks
            .iter()
            .map(|(room, receipt)| RoomReceipt { room_id: room.as_str(), receipt: receipt.into() })
            .collect(),
        blocked: blocked.iter().map(UserView::from).collect(),
    };
    let mut text = serde_json::to_string(&head).expect("texts and numbers are JSON");
    // The messages go into the same object.
    text.pop();
    text.push_str(r#","messages":["#);
    Ok(text)
}

async fn next(
    reader: &Reader,
    user: &User,
    step: Step,
) -> Result<Option<(Bytes, Step)>, ReadError> {
    let Step::Messages { mut found, mut next, mut first } = step else { return Ok(None) };
    if let (true, Some(after)) = (found.is_empty(), next) {
        let (ids, end) = reader.written_by(user.key, after, WRITTEN_BY_WINDOW).await?;
        (found, next) = (ids.into(), end);
    }
    let piece: Vec<MessageId> = found.drain(..found.len().min(EXPORT_PIECE)).collect();
    let mut text = String::new();
    for message in reader.messages_by_id(&piece).await? {
        if !std::mem::take(&mut first) {
            text.push(',');
        }
        let view = MessageView::from(&message);
        text.push_str(&serde_json::to_string(&view).expect("texts and numbers are JSON"));
    }
    let step = if found.is_empty() && next.is_none() {
        text.push_str("]}");
        Step::End
    } else {
        Step::Messages { found, next, first }
    };
    Ok(Some((Bytes::from(text), step)))
}
