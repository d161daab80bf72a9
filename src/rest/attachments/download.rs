//! Downloads: a file in whole, in part, or not modified (RFC 9110 sections 13
//! and 14, with actix-web's types for the headers).

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder, ResponseError,
    http::{
        Method, StatusCode,
        header::{
            self, CacheControl, CacheDirective, ContentRange, ContentRangeSpec, ETag, EntityTag,
            Header, HeaderValue, IfMatch, IfNoneMatch, IfRange, Range,
        },
    },
    web,
};
use bytes::Bytes;
use futures_util::stream;
use serde_json::json;

use super::{OfId, Reply, State, allowed};
use crate::{
    attachments::{ByteRange, StoreError, is_safe_image},
    auth::Identity,
    error::ApiError,
    protocol::{ErrorCode, Schemas},
    rest::reply::{Given, Gives, Granted},
};
use parlor_domain::Attachment;

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

pub async fn content(
    (who, request): (Identity, HttpRequest),
    state: web::Data<State>,
    OfId { id }: OfId,
) -> Result<Reply<File>, ApiError> {
    let stored = allowed(&state, &who, &id).await?;
    let Attachment { id, name, content_type, size, .. } = &stored.attachment;
    let tag = EntityTag::new_strong(stored.sha256);
    let size = u64::try_from(*size).unwrap_or(0);
    let part = match wanted(&request, &tag, size) {
        Wanted::Whole => None,
        Wanted::Part(first, last) => Some(ByteRange::Closed(first, last)),
        Wanted::Nothing(refused) => return Ok(Reply::made(refused.response(tag, size))),
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
    file_headers(&mut response, content_type, Some(name));
    cache_headers(&mut response, tag);
    response.insert_header((header::ACCEPT_RANGES, "bytes"));
    response.no_chunking(length);
    // actix-http would read all of the file, and send none of it.
    Ok(Reply::made(if *request.method() == Method::HEAD {
        response.streaming(stream::empty::<Result<Bytes, StoreError>>())
    } else {
        response.streaming(content.into_stream())
    }))
}

pub async fn thumbnail(
    (who, request): (Identity, HttpRequest),
    state: web::Data<State>,
    OfId { id }: OfId,
) -> Result<Reply<Picture>, ApiError> {
    let stored = allowed(&state, &who, &id).await?;
    let kind = stored.attachment.thumbnail_type;
    let kind = kind.ok_or_else(|| ApiError::not_found("thumbnail"))?;
    // Another representation than the file itself.
    let tag = EntityTag::new_strong(format!("{}-small", stored.sha256));
    if let Some(refused) = refused(&request, &tag) {
        return Ok(Reply::made(refused.response(tag, 0)));
    }
    let bytes = state.files.store.read_thumbnail(stored.attachment.id).await?;
    let mut response = HttpResponse::Ok();
    file_headers(&mut response, &kind, None);
    cache_headers(&mut response, tag);
    Ok(Reply::made(response.body(bytes)))
}

/// What a request wants of a file.
#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    Whole,
    /// The first byte and the last.
    Part(u64, u64),
    Nothing(Refused),
}

/// Why nothing is sent.
#[derive(Debug, PartialEq, Eq)]
enum Refused {
    /// The asker has it.
    NotModified,
    /// The asker wants another version, and there is none.
    Changed,
    /// There is no such part.
    NoSuchPart,
}

/// The conditions in their order (RFC 9110 section 13.2.2).
fn refused(request: &HttpRequest, tag: &EntityTag) -> Option<Refused> {
    // A header that is not there is read as a list with nothing in it.
    if request.headers().contains_key(header::IF_MATCH)
        && let Ok(IfMatch::Items(tags)) = IfMatch::parse(request)
        && !tags.iter().any(|known| known.strong_eq(tag))
    {
        return Some(Refused::Changed);
    }
    let is_known = match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|known| known.weak_eq(tag)),
        Err(_) => false,
    };
    is_known.then_some(Refused::NotModified)
}

/// One part is sent; several, unless they are next to each other, are as if
/// the whole had been asked for, which section 14.2 leaves to us.
fn wanted(request: &HttpRequest, tag: &EntityTag, size: u64) -> Wanted {
    if let Some(refused) = refused(request, tag) {
        return Wanted::Nothing(refused);
    }
    // A file has no date by which it could be told from another.
    let is_other = match IfRange::parse(request) {
        Ok(IfRange::EntityTag(known)) => !known.strong_eq(tag),
        Ok(IfRange::Date(_)) => true,
        Err(_) => request.headers().contains_key(header::IF_RANGE),
    };
    let Ok(Range::Bytes(ranges)) = Range::parse(request) else { return Wanted::Whole };
    if is_other {
        return Wanted::Whole;
    }
    let mut parts: Vec<(u64, u64)> =
        ranges.iter().filter_map(|range| range.to_satisfiable_range(size)).collect();
    parts.sort_unstable();
    let mut parts = parts.into_iter();
    let Some(mut part) = parts.next() else { return Wanted::Nothing(Refused::NoSuchPart) };
    for (first, last) in parts {
        if first > part.1.saturating_add(1) {
            return Wanted::Whole;
        }
        part.1 = part.1.max(last);
    }
    Wanted::Part(part.0, part.1)
}

impl Refused {
    fn response(self, tag: EntityTag, size: u64) -> HttpResponse {
        let (status, what) = match self {
            Self::NotModified => {
                let mut response = HttpResponse::NotModified();
                cache_headers(&mut response, tag);
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
/// it (RFC 9110 section 15.4.5). A file never changes; who may have it does.
fn cache_headers(response: &mut HttpResponseBuilder, tag: EntityTag) {
    let for_an_hour = vec![CacheDirective::Private, CacheDirective::MaxAge(3600)];
    response.insert_header(ETag(tag)).insert_header(CacheControl(for_an_hour));
}

/// What somebody uploaded can do nothing where it is shown (RFC 6266, and the
/// sandbox of a content security policy).
fn file_headers(response: &mut HttpResponseBuilder, kind: &str, name: Option<&str>) {
    let how = if is_safe_image(kind) { "inline" } else { "attachment" };
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
    use actix_web::test::TestRequest;

    use super::*;

    fn of(headers: &[(&str, &str)]) -> Wanted {
        let request = headers.iter().fold(TestRequest::get(), |request, (name, value)| {
            request.insert_header((*name, *value))
        });
        wanted(&request.to_http_request(), &EntityTag::new_strong("tag".to_owned()), 100)
    }

    #[test]
    fn one_range_is_understood_and_what_is_not_there_is_told() {
        for (text, part) in [
            ("bytes=0-9", Wanted::Part(0, 9)),
            ("bytes=90-200", Wanted::Part(90, 99)),
            ("bytes=50-", Wanted::Part(50, 99)),
            ("bytes=-10", Wanted::Part(90, 99)),
            ("bytes=-200", Wanted::Part(0, 99)),
            ("bytes=100-", Wanted::Nothing(Refused::NoSuchPart)),
            ("bytes=-0", Wanted::Nothing(Refused::NoSuchPart)),
            ("bytes=200-300,400-", Wanted::Nothing(Refused::NoSuchPart)),
            ("bytes=9-0", Wanted::Whole),
            ("bytes=0-1,5-6", Wanted::Whole),
            ("bytes=5-6,0-4,200-", Wanted::Part(0, 6)),
            ("lines=1-2", Wanted::Whole),
        ] {
            assert_eq!(of(&[("range", text)]), part, "{text}");
        }
    }

    #[test]
    fn conditions_come_before_ranges_and_in_their_order() {
        let range = ("range", "bytes=0-1");
        let known = Wanted::Nothing(Refused::NotModified);
        for tags in ["\"tag\"", "W/\"tag\"", "\"x\", \"tag\"", "*"] {
            assert_eq!(of(&[("if-none-match", tags), range]), known, "{tags}");
        }
        assert_eq!(of(&[("if-none-match", "\"x\""), range]), Wanted::Part(0, 1));
        for tags in ["\"x\"", "W/\"tag\""] {
            let changed = of(&[("if-match", tags), ("if-none-match", "*")]);
            assert_eq!(changed, Wanted::Nothing(Refused::Changed), "{tags}");
            assert_eq!(of(&[("if-range", tags), range]), Wanted::Whole, "{tags}");
        }
        for tags in ["\"x\", \"tag\"", "*"] {
            assert_eq!(of(&[("if-match", tags)]), Wanted::Whole, "{tags}");
        }
        assert_eq!(of(&[("if-range", "\"tag\""), range]), Wanted::Part(0, 1));
        for other in ["Sat, 29 Oct 2025 19:43:31 GMT", "nonsense"] {
            assert_eq!(of(&[("if-range", other), range]), Wanted::Whole, "{other}");
        }
    }

    #[test]
    fn a_name_is_written_so_that_no_header_breaks() {
        assert_eq!(encoded("Grüße 1.txt"), "Gr%C3%BC%C3%9Fe%201.txt");
    }
}
