//! A message whose text is the body of a request, told to the readers as it comes.

mod pieces;

use actix::Addr;
use actix_web::{HttpRequest, dev::ServiceRequest, http::Method, web};
use futures_util::StreamExt;
use parlor_domain::{
    MessageId, StoredMessage, StreamState,
    limits::{STREAM_SILENCE, STREAM_STORED},
};
use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::oneshot;

use super::{State, reply::Reply};
use crate::{
    auth::Identity,
    chat::{ChatServer, Look, Operation as _},
    error::ApiError,
    operations::stream::{Append, Fail, Finish, Start, Streaming},
    protocol::ErrorCode,
};
use pieces::{Piece, Pieces};

/// What became of a message that was written like this.
#[derive(Serialize, JsonSchema)]
pub(super) struct StreamedView {
    message_id: String,
    seq: i64,
    state: StreamState,
    /// Somebody has asked to stop.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stopped: bool,
    /// It was begun before, under the same key: nothing was added.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    duplicate: bool,
}

/// Whether the body of a request is a text that comes as it is written: it may take its
/// time, and its handler looks after it.
pub(super) fn is_stream(request: &ServiceRequest) -> bool {
    *request.method() == Method::POST && request.path().ends_with("/messages/stream")
}

pub(super) async fn stream(
    (who, (request, payload)): (Identity, (HttpRequest, web::Payload)),
    state: web::Data<State>,
    streaming: Streaming,
) -> Result<Reply<StreamedView>, ApiError> {
    let (rules, start) = (state.rules(), Start::from(streaming));
    let mut pieces = Pieces::of(&request, rules.content_bytes);
    let StoredMessage { id, seq, duplicate, .. } = state.operate(&who, start).await?;
    let view = |state, stopped| {
        let message_id = id.0.to_string();
        Reply::ok(StreamedView { message_id, seq: seq.0, state, stopped, duplicate })
    };
    if duplicate {
        let stored = state.reader.message(id).await?;
        let stored = stored.ok_or_else(|| ApiError::not_found("message"))?;
        return Ok(view(stored.stream().unwrap_or(StreamState::Finished), false));
    }
    let mut writing = Writing { chat: state.chat.clone(), message: id, has_ended: false };
    // Kept until the end is stored: who drops it is gone.
    let (stop, mut stopped) = oneshot::channel();
    let by = who.user.key;
    state.chat.do_send(Look::new(move |server| server.on_stop(id, by, stop)));
    let written = tokio::select! {
        asked = &mut stopped => match asked {
            Ok(()) => Ok(Written::Stopped),
            Err(_) => Err(Cut::Gone(no_more())),
        },
        // As a connection ends with its token, so does this.
        error = is_invalid(&who, &state) => Err(Cut::Gone(error)),
        written = write(&who, &state, id, payload, &mut pieces) => written,
    };
    let (ends_as, was_stopped) = match &written {
        Ok(Written::Whole) => (StreamState::Finished, false),
        Ok(Written::Failed) => (StreamState::Failed, false),
        Ok(Written::Stopped) => (StreamState::Finished, true),
        // What could not be taken; that of a connection which is gone is interrupted.
        Err(Cut::Refused(_)) => (StreamState::Failed, false),
        Err(Cut::Gone(error)) => return Err(error.clone()),
    };
    let ended = match ends_as {
        StreamState::Finished => state.operate(&who, Finish::of(id)).await.map(drop),
        _ => state.operate(&who, Fail::of(id)).await.map(drop),
    };
    match ended {
        Ok(()) => writing.has_ended = true,
        // Nothing was said.
        Err(error) if error.code() == ErrorCode::InvalidMessage => {
            writing.has_ended = state.operate(&who, Fail::of(id)).await.is_ok();
            return if was_stopped { Ok(view(StreamState::Failed, true)) } else { Err(error) };
        }
        Err(error) => return Err(error),
    }
    match written {
        Err(Cut::Refused(error)) => Err(error),
        _ => Ok(view(ends_as, was_stopped)),
    }
}

fn no_more() -> ApiError {
    ApiError::new(ErrorCode::Conflict, "the message is not being written any more")
}

/// A message that is interrupted when its request is over before it is.
struct Writing {
    chat: Addr<ChatServer>,
    message: MessageId,
    has_ended: bool,
}

impl Drop for Writing {
    fn drop(&mut self) {
        if !self.has_ended {
            let message = self.message;
            self.chat.do_send(Look::new(move |server| server.interrupt(message)));
        }
    }
}

enum Written {
    Whole,
    /// The writer says so.
    Failed,
    Stopped,
}

/// Why it goes no further.
enum Cut {
    Refused(ApiError),
    Gone(ApiError),
}

async fn write(
    who: &Identity,
    state: &State,
    message: MessageId,
    mut payload: web::Payload,
    pieces: &mut Pieces,
) -> Result<Written, Cut> {
    let rules = state.rules();
    loop {
        let bytes = match tokio::time::timeout(STREAM_SILENCE, payload.next()).await {
            Ok(Some(Ok(bytes))) => Some(bytes),
            Ok(None) => None,
            Ok(Some(Err(error))) => return Err(Cut::Gone(ApiError::from(&error))),
            Err(_) => {
                let what = "nothing came for too long";
                return Err(Cut::Gone(ApiError::new(ErrorCode::Timeout, what)));
            }
        };
        let is_last = bytes.is_none();
        let more = pieces.take(bytes).map_err(Cut::Refused)?;
        for Piece { text, metadata, failed } in more {
            if text.is_some() || metadata.is_some() {
                let mut append = Append::of(message, text, metadata);
                append.check(&rules).map_err(|refusal| Cut::Refused(refusal.into()))?;
                wait_for_turn(who, state).await;
                state.operate(who, append).await.map_err(Cut::Refused)?;
            }
            if failed {
                return Ok(Written::Failed);
            }
        }
        if is_last {
            return Ok(Written::Whole);
        }
    }
}

/// As many pieces a second as over a socket; who writes for the application has no limit.
async fn wait_for_turn(who: &Identity, state: &State) {
    while !who.is_backend()
        && let Err(limited) = state.limiters.append(who.user.key)
    {
        tokio::time::sleep(limited.retry_after).await;
    }
}

/// Until somebody may not be here any more.
async fn is_invalid(who: &Identity, state: &State) -> ApiError {
    loop {
        tokio::time::sleep(STREAM_STORED).await;
        let is_expired = who.expires_at <= crate::clock::now();
        if is_expired || state.authenticator.check(who).is_err() {
            return ApiError::new(ErrorCode::Unauthorized, "the token is not valid any more");
        }
    }
}
