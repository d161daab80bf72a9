//! Uploads.

use actix_web::{HttpRequest, http::header, web};
use bytes::BytesMut;
use futures_util::StreamExt;
use schemars::JsonSchema;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::State;
use crate::{
    attachments::{HEAD_BYTES, add_media, clean_name, detect, is_played, is_safe_image},
    auth::Identity,
    db::{DropUpload, NewAttachment, NewUpload},
    error::ApiError,
    limiter::Limited,
    protocol::AttachmentView,
    rest::Files,
    rest::reply::{Created, Reply},
    turns::NoTurn,
};
use parlor_domain::{
    Attachment, AttachmentId, FileQuota, MediaMs, Waveform, WaveformText, Whole,
    limits::{IMAGE_BYTES, RETRY_AFTER, UPLOADS_PER_BACKEND, UPLOADS_PER_USER},
};

#[derive(Deserialize, JsonSchema)]
pub struct Upload {
    name: Option<String>,
    /// How long it plays, in milliseconds, as who has recorded it knows; it counts where the
    /// file does not say
    duration_ms: Option<MediaMs>,
    /// How loud it is over time, to be drawn: up to 64 numbers from 0 to 100, with commas
    waveform: Option<WaveformText>,
}

/// What is said of a file beside it.
struct Told {
    name: String,
    duration_ms: Option<i64>,
    waveform: Option<Waveform>,
}

impl Told {
    /// Something is said that only what is played has.
    fn unfit(&self, content_type: &str) -> Option<&'static str> {
        let is_said = |field: Option<&'static str>| field.filter(|_| !is_played(content_type));
        is_said(self.waveform.as_ref().map(|_| "waveform"))
            .or(is_said(self.duration_ms.map(|_| "duration_ms")))
    }
}

/// What came of the bytes of an upload.
struct Taken {
    size: u64,
    sha256: [u8; 32],
    content_type: &'static str,
}

pub async fn upload(
    (who, (request, payload)): (Identity, (HttpRequest, web::Payload)),
    state: web::Data<State>,
    Upload { name, duration_ms, waveform }: Upload,
) -> Result<Reply<Created<AttachmentView<'static>>>, ApiError> {
    let files = &state.files;
    if is_form(&request) {
        return Err(ApiError::field(
            "file",
            "must be the request body itself, not a form field: send it for example with curl \
             --data-binary @file",
        ));
    }
    let length = length_of(&request);
    if length.is_some_and(|length| length > files.bytes_max) {
        return Err(files.too_large());
    }
    let _turn = files.at_once.enter(who.user.key).await.map_err(|no| match no {
        NoTurn::Own => ApiError::from(Limited { retry_after: RETRY_AFTER }),
        NoTurn::Full => ApiError::unavailable(),
    })?;
    let new = NewUpload {
        id: AttachmentId(i64::from_be_bytes(rand::random()) & i64::MAX | 1),
        uploader: who.user.key,
        // Who does not say how many there are may send the most.
        bytes: i64::try_from(length.unwrap_or(files.bytes_max)).unwrap_or(i64::MAX),
        // The application decides itself what it stores.
        quota: if who.is_backend() { FileQuota::default() } else { files.quota },
        unsent_max: match who.is_backend() || who.is_admin {
            true => UPLOADS_PER_BACKEND,
            false => UPLOADS_PER_USER,
        },
        at: crate::clock::now(),
    };
    state.commit(new).await?;
    let told = Told {
        name: clean_name(name.as_deref().unwrap_or_default()),
        duration_ms: duration_ms.map(|Whole(ms)| ms),
        waveform: waveform.map(|WaveformText(waveform)| waveform),
    };
    let mut came = 0;
    match take_in(&state, new, told, payload, &mut came).await {
        Ok(attachment) => Ok(Reply::created(AttachmentView::from(&attachment))),
        Err(error) => {
            // The sweeper takes away what there is of it.
            let came = i64::try_from(came).unwrap_or(i64::MAX);
            let (id, uploader, unused) = (new.id, new.uploader, (new.bytes - came).max(0));
            let _ = state.commit(DropUpload { id, uploader, unused }).await;
            Err(error)
        }
    }
}

/// Whether the file lies in an envelope, which would be stored as the file.
/// Other kinds of `multipart/` can be files: a saved page is `multipart/related`.
fn is_form(request: &HttpRequest) -> bool {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next()).map(str::trim);
    kind.is_some_and(|kind| kind.eq_ignore_ascii_case("multipart/form-data"))
}

/// How many bytes a request has; `None` if it does not say. One that has
/// neither a length nor pieces has none (RFC 9112 section 6.3).
fn length_of(request: &HttpRequest) -> Option<u64> {
    let headers = request.headers();
    match headers.get(header::CONTENT_LENGTH) {
        Some(length) => length.to_str().ok()?.parse().ok(),
        None if headers.contains_key(header::TRANSFER_ENCODING) => None,
        None => Some(0),
    }
}

async fn take_in(
    state: &State,
    new: NewUpload,
    told: Told,
    payload: web::Payload,
    came: &mut u64,
) -> Result<Attachment, ApiError> {
    let NewUpload { id, uploader, bytes: announced, .. } = new;
    let Taken { size, sha256, content_type } =
        store(&state.files, id, &told.name, payload, came).await?;
    if let Some(field) = told.unfit(content_type) {
        return Err(ApiError::field(field, "is of sound and films only"));
    }
    let mut attachment = Attachment {
        id,
        name: told.name.into(),
        content_type: content_type.into(),
        size: i64::try_from(size).unwrap_or(i64::MAX),
        dimensions: None,
        thumbnail_type: None,
        duration_ms: told.duration_ms,
        waveform: told.waveform,
    };
    add_media(&mut attachment, &state.files.store, &state.files.allowed).await?;
    if is_safe_image(content_type) && size <= IMAGE_BYTES {
        let reading = state.files.store.read_all(id);
        if let Some(thumbnail) = state.files.thumbnails.make(uploader, reading).await? {
            state.files.store.put_thumbnail(id, thumbnail.bytes).await?;
            attachment.dimensions = Some((thumbnail.width, thumbnail.height));
            attachment.thumbnail_type = Some(thumbnail.content_type.into());
        }
    }
    let new = NewAttachment { attachment: attachment.clone(), uploader, announced, sha256 };
    state.commit(new).await?;
    Ok(attachment)
}

/// Writes the bytes through to the store as they come; what is too much, or
/// of a type that is not allowed, is taken back. They come at the pace that
/// every body has to have; `came` says how many there were, also of those.
async fn store(
    files: &Files,
    id: AttachmentId,
    name: &str,
    mut payload: web::Payload,
    came: &mut u64,
) -> Result<Taken, ApiError> {
    let mut upload = files.store.begin(id).await?;
    let mut hash = Sha256::new();
    let mut head = BytesMut::with_capacity(HEAD_BYTES);
    let taken = loop {
        let piece = match payload.next().await {
            Some(Ok(piece)) => piece,
            None => break Ok(()),
            Some(Err(error)) => break Err(ApiError::from(&error)),
        };
        *came += piece.len() as u64;
        if *came > files.bytes_max {
            break Err(files.too_large());
        }
        let rest = HEAD_BYTES - head.len().min(HEAD_BYTES);
        head.extend_from_slice(&piece[..piece.len().min(rest)]);
        hash.update(&piece);
        if let Err(error) = upload.write(piece).await {
            break Err(error.into());
        }
    };
    let (size, content_type) = (*came, detect(&head, name));
    let checked = taken.and_then(|()| match size {
        0 => Err(ApiError::field("file", "must not be empty")),
        _ if files.allowed.allow(content_type) => Ok(()),
        _ => Err(ApiError::field(
            "file",
            format!("is of a type that is not allowed ({content_type})"),
        )),
    });
    match checked {
        Ok(()) => upload.finish().await?,
        Err(error) => {
            upload.abort().await;
            return Err(error);
        }
    }
    Ok(Taken { size, sha256: hash.finalize().into(), content_type })
}
