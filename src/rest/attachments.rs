//! Files: taken in and given out as they come, never as a whole.

use std::sync::Arc;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, HeaderValue},
    web,
};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

use super::State;
use crate::{
    attachments::{
        AllowedTypes, ByteRange, HEAD_BYTES, Store, StoreError, Thumbnails, clean_name, detect,
        is_safe_image,
    },
    auth::Identity,
    db::{NewAttachment, Write},
    domain::{Attachment, AttachmentId, StoredAttachment},
    error::ApiError,
    limits::{IMAGE_BYTES, UPLOAD_STALL, UPLOADS_AT_ONCE},
    protocol::{AttachmentView, ErrorCode},
};

/// What uploads and downloads need.
#[derive(Clone)]
pub struct Files {
    pub store: Store,
    pub thumbnails: Thumbnails,
    pub allowed: AllowedTypes,
    /// Bytes of a file at most.
    pub bytes_max: u64,
    at_once: Arc<Semaphore>,
}

impl Files {
    pub fn new(store: Store, allowed: AllowedTypes, bytes_max: u64) -> Self {
        let at_once = Arc::new(Semaphore::new(UPLOADS_AT_ONCE));
        Self { store, thumbnails: Thumbnails::default(), allowed, bytes_max, at_once }
    }

    fn too_large(&self) -> ApiError {
        ApiError::too_large("file", format!("must have at most {} bytes", self.bytes_max))
    }
}

#[derive(Deserialize)]
pub struct UploadQuery {
    name: Option<String>,
}

/// What came of the bytes of an upload.
struct Taken {
    size: u64,
    sha256: [u8; 32],
    content_type: &'static str,
}

pub async fn upload(
    state: web::Data<State>,
    who: Identity,
    request: HttpRequest,
    query: web::Query<UploadQuery>,
    payload: web::Payload,
) -> Result<HttpResponse, ApiError> {
    let files = &state.files;
    let length = request.headers().get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > files.bytes_max) {
        return Err(files.too_large());
    }
    let _turn = files.at_once.try_acquire().map_err(|_| ApiError::unavailable())?;
    let id = AttachmentId(i64::from_be_bytes(rand::random()) & i64::MAX | 1);
    let at = crate::clock::now();
    state.commit(Write::AttachmentBegin { id, uploader: who.user.key, at }).await?;
    match take_in(&state, id, &query, payload).await {
        Ok(attachment) => Ok(HttpResponse::Created().json(AttachmentView::from(&attachment))),
        Err(error) => {
            // The sweeper takes away what there is of it.
            let _ = state.commit(Write::AttachmentDrop { id, uploader: who.user.key }).await;
            Err(error)
        }
    }
}

async fn take_in(
    state: &State,
    id: AttachmentId,
    query: &UploadQuery,
    payload: web::Payload,
) -> Result<Attachment, ApiError> {
    let Taken { size, sha256, content_type } = store(&state.files, id, payload).await?;
    let mut attachment = Attachment {
        id,
        name: clean_name(query.name.as_deref().unwrap_or_default()).into(),
        content_type: content_type.into(),
        size: i64::try_from(size).unwrap_or(i64::MAX),
        dimensions: None,
        thumbnail_type: None,
    };
    if is_safe_image(content_type) && size <= IMAGE_BYTES {
        let picture = state.files.store.read_all(id).await?;
        if let Some(thumbnail) = state.files.thumbnails.make(picture).await {
            state.files.store.put_thumbnail(id, thumbnail.bytes).await?;
            attachment.dimensions = Some((thumbnail.width, thumbnail.height));
            attachment.thumbnail_type = Some(thumbnail.content_type.into());
        }
    }
    let new = NewAttachment { attachment: attachment.clone(), sha256 };
    state.commit(Write::AttachmentFinish(new)).await?;
    Ok(attachment)
}

/// Writes the bytes through to the store as they come; what is too much, or
/// of a type that is not allowed, is taken back.
async fn store(
    files: &Files,
    id: AttachmentId,
    mut payload: web::Payload,
) -> Result<Taken, ApiError> {
    let mut upload = files.store.begin(id).await?;
    let mut hash = Sha256::new();
    let mut head = BytesMut::with_capacity(HEAD_BYTES);
    let mut size = 0;
    let taken = loop {
        let next = tokio::time::timeout(UPLOAD_STALL, payload.next()).await;
        let piece: Bytes = match next {
            Ok(Some(Ok(piece))) => piece,
            Ok(None) => break Ok(()),
            Ok(Some(Err(_))) | Err(_) => break Err(cut_short()),
        };
        size += piece.len() as u64;
        if size > files.bytes_max {
            break Err(files.too_large());
        }
        let rest = HEAD_BYTES - head.len().min(HEAD_BYTES);
        head.extend_from_slice(&piece[..piece.len().min(rest)]);
        hash.update(&piece);
        if let Err(error) = upload.write(piece).await {
            break Err(error.into());
        }
    };
    let content_type = detect(&head);
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

fn cut_short() -> ApiError {
    ApiError::new(ErrorCode::InvalidMessage, "the upload was cut short")
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Away => Self::unavailable(),
            StoreError::Missing => Self::new(ErrorCode::NotFound, "the file is lost"),
        }
    }
}

/// An attachment that the asker may have: their own upload, or one of a room
/// that they are a member of.
async fn allowed(state: &State, who: &Identity, id: &str) -> Result<StoredAttachment, ApiError> {
    let missing = || ApiError::not_found("attachment");
    let id = AttachmentId::parse(id).ok_or_else(missing)?;
    let stored = state.reader.attachment(id).await?.ok_or_else(missing)?;
    let may = match stored.place {
        None => stored.uploader == who.user.key,
        Some((room, _)) => {
            who.is_admin || state.reader.standing(room, who.user.key).await?.is_some()
        }
    };
    if may { Ok(stored) } else { Err(missing()) }
}

pub async fn show(
    state: web::Data<State>,
    who: Identity,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let stored = allowed(&state, &who, &id).await?;
    Ok(HttpResponse::Ok().json(AttachmentView::from(&stored.attachment)))
}

/// Only an upload that no message has.
pub async fn delete(
    state: web::Data<State>,
    who: Identity,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let id = AttachmentId::parse(&id).ok_or_else(|| ApiError::not_found("attachment"))?;
    state.commit(Write::AttachmentDrop { id, uploader: who.user.key }).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub async fn content(
    state: web::Data<State>,
    who: Identity,
    id: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let stored = allowed(&state, &who, &id).await?;
    let Attachment { id, name, content_type, size, .. } = &stored.attachment;
    let tag = format!("\"{}\"", stored.sha256);
    if request.headers().get(header::IF_NONE_MATCH).is_some_and(|known| *known == *tag) {
        return Ok(HttpResponse::NotModified().insert_header((header::ETAG, tag)).finish());
    }
    let size = u64::try_from(*size).unwrap_or(0);
    let asked = request.headers().get(header::RANGE).and_then(|range| range.to_str().ok());
    let range = match asked.map(|asked| range_of(asked, size)) {
        None | Some(Ok(None)) => None,
        Some(Ok(range)) => range,
        Some(Err(())) => {
            let unsatisfied = (header::CONTENT_RANGE, format!("bytes */{size}"));
            return Ok(HttpResponse::RangeNotSatisfiable().insert_header(unsatisfied).finish());
        }
    };
    let content = state.files.store.read(*id, range).await?;
    let mut response =
        if range.is_some() { HttpResponse::PartialContent() } else { HttpResponse::Ok() };
    if range.is_some() {
        let (first, end) = (content.range.start, content.range.end);
        let told = format!("bytes {first}-{}/{}", end.saturating_sub(1), content.size);
        response.insert_header((header::CONTENT_RANGE, told));
    }
    let length = content.range.end - content.range.start;
    file_headers(&mut response, content_type, Some(name));
    response.insert_header((header::ETAG, tag)).insert_header((header::ACCEPT_RANGES, "bytes"));
    Ok(response.no_chunking(length).streaming(content.into_stream()))
}

pub async fn thumbnail(
    state: web::Data<State>,
    who: Identity,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let stored = allowed(&state, &who, &id).await?;
    let kind = stored.attachment.thumbnail_type;
    let kind = kind.ok_or_else(|| ApiError::not_found("thumbnail"))?;
    let bytes = state.files.store.read_thumbnail(stored.attachment.id).await?;
    let mut response = HttpResponse::Ok();
    file_headers(&mut response, &kind, None);
    Ok(response.body(bytes))
}

/// What somebody uploaded can do nothing where it is shown (RFC 6266, and the
/// sandbox of a content security policy).
fn file_headers(response: &mut actix_web::HttpResponseBuilder, kind: &str, name: Option<&str>) {
    let how = if is_safe_image(kind) { "inline" } else { "attachment" };
    let how = match name {
        Some(name) => format!("{how}; filename*=UTF-8''{}", encoded(name)),
        None => how.to_owned(),
    };
    let kind = HeaderValue::from_str(kind);
    response
        .insert_header((
            header::CONTENT_TYPE,
            kind.unwrap_or(HeaderValue::from_static("application/octet-stream")),
        ))
        .insert_header((header::CONTENT_DISPOSITION, how))
        .insert_header((header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"))
        .insert_header((header::CACHE_CONTROL, "private, max-age=3600"));
}

/// RFC 8187 section 3.2.1: what is no letter or digit is written in hex.
fn encoded(name: &str) -> String {
    let byte = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    name.bytes().map(byte).collect()
}

/// One range of a `Range` header (RFC 9110 section 14.2). What is not
/// understood is as if nothing was asked for; `Err`: there is no such part.
fn range_of(text: &str, size: u64) -> Result<Option<ByteRange>, ()> {
    let Some((first, last)) = text.strip_prefix("bytes=").and_then(|range| range.split_once('-'))
    else {
        return Ok(None);
    };
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let range = match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => ByteRange::Closed(first, last.min(size - 1)),
        (Some(first), None) if last.trim().is_empty() => ByteRange::From(first),
        (None, Some(count)) if first.trim().is_empty() => ByteRange::Last(count),
        _ => return Ok(None),
    };
    match range {
        ByteRange::Closed(first, _) | ByteRange::From(first) if first >= size => Err(()),
        ByteRange::Last(0) => Err(()),
        range => Ok(Some(range)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_understood_and_what_is_not_there_is_told() {
        for (text, range) in [
            ("bytes=0-9", Ok(Some(ByteRange::Closed(0, 9)))),
            ("bytes=90-200", Ok(Some(ByteRange::Closed(90, 99)))),
            ("bytes=50-", Ok(Some(ByteRange::From(50)))),
            ("bytes=-10", Ok(Some(ByteRange::Last(10)))),
            ("bytes=100-", Err(())),
            ("bytes=-0", Err(())),
            ("bytes=9-0", Ok(None)),
            ("bytes=0-1,5-6", Ok(None)),
            ("lines=1-2", Ok(None)),
        ] {
            assert_eq!(range_of(text, 100), range, "{text}");
        }
    }

    #[test]
    fn a_name_is_written_so_that_no_header_breaks() {
        assert_eq!(encoded("Grüße 1.txt"), "Gr%C3%BC%C3%9Fe%201.txt");
    }
}
