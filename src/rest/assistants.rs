//! `/mcp`: assistants over HTTP.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web,
};
use bytes::Bytes;
use http_body_util::Full;

use super::{State, extract::Bearer, fallback};
use crate::{
    assistants::{Assistants, Me, Speaking},
    auth::FORWARDED,
    error::ApiError,
    limiter::Limited,
    places::Places,
    remote::Caller,
};
use parlor_domain::{
    UserKey,
    limits::{ASSISTANT_CALLS, ASSISTANT_CALLS_AT_ONCE, RETRY_AFTER},
};

/// The door of assistants: how many of their calls may be under way, each user's and all.
#[derive(Clone)]
pub struct AssistantDoor {
    assistants: Assistants,
    of_user: Places<UserKey>,
    all: Places<()>,
}

impl AssistantDoor {
    pub fn new(assistants: Assistants) -> Self {
        let (of_user, all) = (Places::new(ASSISTANT_CALLS), Places::new(ASSISTANT_CALLS_AT_ONCE));
        Self { assistants, of_user, all }
    }
}

/// Answers one call. The token has to be in `Authorization`: a cookie is sent by pages that
/// know nothing of it.
pub async fn answer(
    request: HttpRequest,
    Bearer { identity, token }: Bearer,
    state: web::Data<State>,
    door: web::Data<Option<AssistantDoor>>,
    body: web::Payload,
) -> Result<HttpResponse, ApiError> {
    let Some(AssistantDoor { assistants, of_user, all }) = door.get_ref() else {
        return fallback::no_path().await;
    };
    let full = || ApiError::from(Limited { retry_after: RETRY_AFTER });
    let _own = of_user.take(identity.user.key, 1).ok_or_else(full)?;
    let _place = all.take((), 1).ok_or_else(full)?;
    let most = state.limits.body_bytes();
    let body = match body.to_bytes_limited(most).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return Err(ApiError::field("body", "ended before its end")),
        Err(_) => {
            return Err(ApiError::too_large("body", format!("must have at most {most} bytes")));
        }
    };
    let me = Me { id: identity.user.id.as_str().to_owned(), name: identity.user.name.to_string() };
    let read_only = is_read_only(&request)?;
    let speaking = Speaking { me, token, caller: caller(&request), read_only };
    let answer = assistants.answer(speaking, asked(&request, body)).await;
    let status = StatusCode::from_u16(answer.status().as_u16());
    let mut response = HttpResponse::build(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    if let Some(kind) = answer.headers().get(http::header::CONTENT_TYPE) {
        response.insert_header((header::CONTENT_TYPE, kind.as_bytes()));
    }
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    Ok(response.body(answer.into_body()))
}

/// What protects does so whatever it is given but a plain no, and is not misspelt.
fn is_read_only(request: &HttpRequest) -> Result<bool, ApiError> {
    let mut read_only = false;
    for (name, value) in form_urlencoded::parse(request.query_string().as_bytes()) {
        match &*name {
            "read_only" => read_only = !matches!(&*value, "false" | "0"),
            _ => return Err(ApiError::field("query", "may only have read_only")),
        }
    }
    Ok(read_only)
}

/// From where a call comes, for what is asked in its place.
fn caller(request: &HttpRequest) -> Caller {
    let headers = request.headers().iter();
    let said = headers.filter(|(name, _)| FORWARDED.contains(&name.as_str()));
    let forwarded = said.map(|(name, value)| (name.clone(), value.clone())).collect();
    Caller { peer: request.peer_addr(), forwarded }
}

/// The call as the protocol's library takes it, which knows another version of the types.
fn asked(request: &HttpRequest, body: Bytes) -> http::Request<Full<Bytes>> {
    let mut asked = http::Request::new(Full::new(body));
    *asked.method_mut() = http::Method::POST;
    for (name, value) in request.headers() {
        let name = http::HeaderName::from_bytes(name.as_str().as_bytes());
        let value = http::HeaderValue::from_bytes(value.as_bytes());
        if let (Ok(name), Ok(value)) = (name, value) {
            asked.headers_mut().append(name, value);
        }
    }
    asked
}
