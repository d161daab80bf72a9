//! Downloads: a file in whole, in part, or not modified.

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder, ResponseError,
    http::{
        Method, StatusCode,
        header::{
            self, CacheControl, CacheDirective, ContentRange, ContentRangeSpec, ETag, EntityTag,
            HeaderValue,
        },
    },
    web,
};
use bytes::Bytes;
use futures_util::stream;
use serde_json::json;

use super::{
    OfId, Reply, State, allowed,
    wanted::{Refused, Wanted, refused, wanted},
};
use crate::{
    attachments::{ByteRange, StoreError, is_safe_image},
    auth::Identity,
    error::ApiError,
    protocol::{ErrorCode, Schemas},
    rest::reply::{Given, Gives, Granted},
};
use parlor_domain::{Attachment, StoredAttachment};

/// A file, of which one may also have a part.
pub struct File;

/// A small picture of it.
pub struct Picture;

const TAG: (&str, &str) = ("ETag", "Identifies the content of the file");
const PART: (&str, &str) = ("Content-Range", "The range returned, or the size of the file");

impl Gives for File {
    fn given(schemas: &mut Schemas) -> Given {
        let file = json!({"schema": {"type": "string", "format": "binary"}});
        // Generators of clients know no `*/*`.
        let file = json!({"application/octet-stream": file, "*/*": file});
        let granted = |status, what, headers| Granted {
            status,
            what: Some(what),
            headers,
            content: (status != 304).then(|| file.clone()),
        };
        let outside = Granted::error(416, "Range not satisfiable", schemas);
        let responses = vec![
            granted(200, "The file", &[TAG]),
            granted(206, "The part of it that was asked for", &[TAG, PART]),
            granted(304, "Not modified", &[TAG]),
            Granted::error(412, "The file does not match the condition", schemas),
            Granted { headers: &[PART], ..outside },
        ];
        Given { heeds: &["Range", "If-None-Match"], responses }
    }
}

impl Gives for Picture {
    fn given(schemas: &mut Schemas) -> Given {
        let picture = json!({"schema": {"type": "string", "format": "binary"}});
        let content = Some(json!({
            "application/octet-stream": picture,
            "image/jpeg": picture,
            "image/png": picture,
        }));
        let known = Granted::nothing(304, Some("Not modified"));
        let responses = vec![
            Granted { status: 200, what: None, headers: &[TAG], content },
            Granted { headers: &[TAG], ..known },
            Granted::error(412, "The file does not match the condition", schemas),
        ];
        Given { heeds: &["If-None-Match"], responses }
    }
}

/// Who may keep what is given: a file never changes; who may have it does.
#[derive(Clone, Copy)]
pub(super) enum Kept {
    /// Who has asked, with a token.
    ByAsker,
    /// Whoever passes it on, for so many seconds.
    ByAnybody(u32),
}

/// How a file is given.
#[derive(Clone, Copy)]
pub(super) struct Giving {
    pub kept: Kept,
    /// To be saved, also where it could be shown.
    pub saved: bool,
}

const TO_ASKER: Giving = Giving { kept: Kept::ByAsker, saved: false };

pub async fn content(
    (who, request): (Identity, HttpRequest),
    state: web::Data<State>,
    OfId { id }: OfId,
) -> Result<Reply<File>, ApiError> {
    let stored = allowed(&state, &who, &id).await?;
    give_content(&state, &request, &stored, TO_ASKER).await
}

pub async fn thumbnail(
    (who, request): (Identity, HttpRequest),
    state: web::Data<State>,
    OfId { id }: OfId,
) -> Result<Reply<Picture>, ApiError> {
    let stored = allowed(&state, &who, &id).await?;
    give_thumbnail(&state, &request, &stored, TO_ASKER.kept).await
}

pub(super) async fn give_content(
    state: &State,
    request: &HttpRequest,
    stored: &StoredAttachment,
    Giving { kept, saved }: Giving,
) -> Result<Reply<File>, ApiError> {
    let Attachment { id, name, content_type, size, .. } = &stored.attachment;
    let tag = EntityTag::new_strong(stored.sha256.clone());
    let size = u64::try_from(*size).unwrap_or(0);
    let part = match wanted(request, &tag, size) {
        Wanted::Whole => None,
        Wanted::Part(first, last) => Some(ByteRange::Closed(first, last)),
        Wanted::Nothing(refused) => return Ok(Reply::made(refused.response(tag, size, kept))),
    };
    let content = state.files.store.read(*id, part).await?;
    let mut response =
        if part.is_some() { HttpResponse::PartialContent() } else { HttpResponse::Ok() };
    if part.is_some() {
        let range = (content.range.start, content.range.end.saturating_sub(1));
        let range =
            ContentRangeSpec::Bytes { range: Some(range), instance_length: Some(content.size) };
        response.insert_header(ContentRange(range));
    }
    let length = content.range.end - content.range.start;
    file_headers(&mut response, content_type, Some(name), saved);
    cache_headers(&mut response, tag, kept);
    response.insert_header((header::ACCEPT_RANGES, "bytes"));
    response.no_chunking(length);
    // actix-http would read all of the file, and send none of it.
    Ok(Reply::made(if *request.method() == Method::HEAD {
        response.streaming(stream::empty::<Result<Bytes, StoreError>>())
    } else {
        response.streaming(content.into_stream())
    }))
}

pub(super) async fn give_thumbnail(
    state: &State,
    request: &HttpRequest,
    stored: &StoredAttachment,
    kept: Kept,
) -> Result<Reply<Picture>, ApiError> {
    let kind = stored.attachment.thumbnail_type.as_deref();
    let kind = kind.ok_or_else(no_thumbnail)?;
    // Another representation than the file itself.
    let tag = EntityTag::new_strong(format!("{}-small", stored.sha256));
    if let Some(refused) = refused(request, &tag) {
        return Ok(Reply::made(refused.response(tag, 0, kept)));
    }
    let bytes = state.files.store.read_thumbnail(stored.attachment.id).await?;
    let mut response = HttpResponse::Ok();
    file_headers(&mut response, kind, None, false);
    cache_headers(&mut response, tag, kept);
    Ok(Reply::made(response.body(bytes)))
}

pub(super) fn no_thumbnail() -> ApiError {
    ApiError::not_found("thumbnail")
}

impl Refused {
    fn response(self, tag: EntityTag, size: u64, kept: Kept) -> HttpResponse {
        let (status, what) = match self {
            Self::NotModified => {
                let mut response = HttpResponse::NotModified();
                cache_headers(&mut response, tag, kept);
                return response.finish();
            }
            Self::Changed => {
                (StatusCode::PRECONDITION_FAILED, "the file does not match the condition")
            }
            Self::NoSuchPart => {
                (StatusCode::RANGE_NOT_SATISFIABLE, "the range is outside the file")
            }
        };
        let error = ApiError::new(ErrorCode::InvalidMessage, what);
        let mut response = error.error_response();
        *response.status_mut() = status;
        let whole = ContentRangeSpec::Bytes { range: None, instance_length: Some(size) };
        if let (416, Ok(whole)) =
            (status.as_u16(), HeaderValue::from_str(&ContentRange(whole).to_string()))
        {
            response.headers_mut().insert(header::CONTENT_RANGE, whole);
        }
        response
    }
}

/// The same in an answer that has the file and in one that says the asker has
/// it (RFC 9110 section 15.4.5).
fn cache_headers(response: &mut HttpResponseBuilder, tag: EntityTag, kept: Kept) {
    let kept = match kept {
        Kept::ByAsker => vec![CacheDirective::Private, CacheDirective::MaxAge(3600)],
        // RFC 8246: nobody has to ask again while it is kept.
        Kept::ByAnybody(seconds) => vec![
            CacheDirective::Public,
            CacheDirective::MaxAge(seconds),
            CacheDirective::Extension("immutable".to_owned(), None),
        ],
    };
    response.insert_header(ETag(tag)).insert_header(CacheControl(kept));
}

/// What somebody uploaded can do nothing where it is shown (RFC 6266, and the
/// sandbox of a content security policy).
fn file_headers(response: &mut HttpResponseBuilder, kind: &str, name: Option<&str>, saved: bool) {
    let how = if is_safe_image(kind) && !saved { "inline" } else { "attachment" };
    let how = match name {
        Some(name) => format!("{how}; filename*=UTF-8''{}", encoded(name)),
        None => how.to_owned(),
    };
    // Text without a charset is what a browser makes of it.
    let kind = if kind == "text/plain" { "text/plain; charset=utf-8" } else { kind };
    let kind = HeaderValue::from_str(kind);
    response
        .insert_header((
            header::CONTENT_TYPE,
            kind.unwrap_or(HeaderValue::from_static("application/octet-stream")),
        ))
        .insert_header((header::CONTENT_DISPOSITION, how))
        .insert_header((header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_written_so_that_no_header_breaks() {
        assert_eq!(encoded("Grüße 1.txt"), "Gr%C3%BC%C3%9Fe%201.txt");
    }
}
