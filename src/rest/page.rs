//! The page that lets anyone try the server, the viewer of its interfaces and
//! the JavaScript client: the files of `static/`, in the binary.

use std::borrow::Cow;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, ETag, EntityTag, Header, HeaderValue, IfNoneMatch},
    web,
};
use bytes::Bytes;
use rust_embed::{EmbeddedFile, RustEmbed};

use super::{State, answers::Shared, fallback};
use crate::error::ApiError;

#[derive(RustEmbed)]
#[folder = "static/"]
struct Page;

/// No script and no style but our own; sockets to wherever the page was
/// loaded from. `blob:` is what the page itself has fetched with its token:
/// pictures and files of messages. `files` is where links to them lead, if it is
/// elsewhere.
pub fn policy(files: Option<&str>) -> HeaderValue {
    let files = files.map_or_else(String::new, |origin| format!(" {origin}"));
    let policy = format!(
        "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data: blob:{files}; \
         media-src 'self' blob:{files}; object-src 'none'; frame-ancestors 'none'; \
         base-uri 'none'; form-action 'self'"
    );
    // An origin is plain text: whatever is not, a URL has in another form.
    HeaderValue::from_str(&policy).expect("the policy is plain text")
}

/// That of this server.
fn own_policy(request: &HttpRequest) -> HeaderValue {
    let state = request.app_data::<web::Data<State>>();
    state.map_or_else(|| policy(None), |state| state.page_policy.clone())
}

/// Answers whatever no other route does.
pub async fn file(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let name = match request.path() {
        // Nobody is invited to sign up where nobody can.
        "/" | "/index.html" if has_no_accounts(&request) => "page/no-accounts.html",
        "/" | "/index.html" => "page/index.html",
        "/api.html" => "viewer/api.html",
        // What they name is found from there.
        path if path.ends_with(".html") => return fallback::no_path().await,
        path => path.strip_prefix('/').unwrap_or(path),
    };
    match Page::get(name) {
        None => fallback::no_path().await,
        Some(_) if !fallback::is_reading(request.method()) => {
            Ok(fallback::no_method(HeaderValue::from_static("GET, HEAD")))
        }
        Some(file) if name == "page/index.html" && takes_links(&request) => {
            Ok(with_links(&request, &file))
        }
        Some(file) => Ok(serve(&request, file)),
    }
}

fn has_no_accounts(request: &HttpRequest) -> bool {
    request.app_data::<web::Data<State>>().is_some_and(|state| !state.has_accounts)
}

fn takes_links(request: &HttpRequest) -> bool {
    request.app_data::<web::Data<State>>().is_some_and(|state| state.takes_links)
}

/// The page of a server whose links sign in, which it says in its first element.
fn with_links(request: &HttpRequest, file: &EmbeddedFile) -> HttpResponse {
    let page = String::from_utf8_lossy(&file.data);
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::CONTENT_SECURITY_POLICY, own_policy(request)))
        .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
        .body(page.replacen("<html ", "<html data-takes-links ", 1))
}

fn serve(request: &HttpRequest, file: EmbeddedFile) -> HttpResponse {
    let tag = EntityTag::new_strong(hex(&file.metadata.sha256_hash()[..16]));
    let is_known = match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(known)) => known.iter().any(|known| known.weak_eq(&tag)),
        Err(_) => false,
    };
    let mut response = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response
        .insert_header(ETag(tag))
        // Clients revalidate it each time; it is only sent when it has changed.
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .insert_header((header::CONTENT_SECURITY_POLICY, own_policy(request)));
    if is_known {
        return response.finish();
    }
    let mime = file.metadata.mimetype();
    let text = mime.starts_with("text/");
    let mime = if text { format!("{mime}; charset=utf-8") } else { mime.to_owned() };
    response.insert_header((header::CONTENT_TYPE, mime));
    match file.data {
        // In the binary; all who are reading it share it.
        Cow::Borrowed(bytes) => {
            let mut response = response.body(Bytes::from_static(bytes));
            response.extensions_mut().insert(Shared);
            response
        }
        Cow::Owned(bytes) => response.body(bytes),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
