//! Extractors: what handlers take from a request, validated.

use std::{future::Future, net::IpAddr, pin::Pin};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, http::header, web};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use super::{State, fallback::is_reading};
use crate::{
    auth::{AuthError, Client, Door, Identity, bearer_token},
    chat::ChatError,
    error::ApiError,
    limiter::{Limited, Limiters},
    metrics::{Limit, metrics},
    protocol::{ErrorCode, json_size},
    request_id::RequestName,
};
use parlor_domain::{
    Denied, HistoryCursor, RoomId, Seq, UserId, display_text,
    limits::{HISTORY_PAGE, HISTORY_PAGE_MAX, LIST_PAGE_MAX},
};

impl FromRequest for Identity {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let header = request.headers().get(header::AUTHORIZATION);
        let token = header.and_then(|value| value.to_str().ok()).and_then(bearer_token);
        let token = token.map(str::to_owned);
        let state = request.app_data::<web::Data<State>>().cloned();
        let (method, pattern) = (request.method().clone(), request.match_pattern());
        let path = request.path().to_owned();
        let client = request.extensions().get::<Client>().copied();
        let name = request.extensions().get::<RequestName>().cloned();
        let name = name.map_or_else(String::new, |RequestName(name)| name);
        let request = request.clone();
        Box::pin(async move {
            let token = token.ok_or(AuthError::Missing)?;
            let state = state.ok_or(AuthError::Unavailable)?;
            let identity = state.authenticator.authenticate(&token, &name, Door::Rest).await?;
            // Whose answer it will be that waits for its reader.
            request.extensions_mut().insert(identity.user.key);
            if !identity.is_service {
                let checked = state.limiters.user(identity.user.key);
                checked.inspect_err(|_| metrics().limited(Limit::User))?;
            }
            if identity.is_admin && !is_reading(&method) {
                let action = format!("{method} {}", pattern.as_deref().unwrap_or(&path));
                state.audit(&identity, action, path, client).await?;
            }
            Ok(identity)
        })
    }
}

/// A request that may be made only so often from one address: what takes a hash,
/// and what could be guessed.
pub struct Unhurried;

/// A refresh: nobody guesses a token of 256 bits, and all of an office renew
/// theirs from one address, so it is not counted with what is [`Unhurried`].
pub struct Refreshing;

/// Only where accounts are built in.
pub struct WithAccounts;

impl FromRequest for WithAccounts {
    type Error = ApiError;
    type Future = std::future::Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let state = request.app_data::<web::Data<State>>();
        let is_on = state.is_some_and(|state| state.has_accounts);
        let what = "built-in accounts are off on this server: sign in through the application";
        let off = || ApiError::new(ErrorCode::NotFound, what);
        std::future::ready(if is_on { Ok(Self) } else { Err(off()) })
    }
}

impl FromRequest for Unhurried {
    type Error = ApiError;
    type Future = std::future::Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let checked = check(request, Limiters::login, Limit::Login);
        std::future::ready(checked.map(|()| Self))
    }
}

impl FromRequest for Refreshing {
    type Error = ApiError;
    type Future = std::future::Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let checked = check(request, Limiters::refresh, Limit::Refresh);
        std::future::ready(checked.map(|()| Self))
    }
}

/// Whether the address that asks may, by one of its limits.
fn check(
    request: &HttpRequest,
    limit: impl Fn(&Limiters, IpAddr) -> Result<(), Limited>,
    limited: Limit,
) -> Result<(), ApiError> {
    let state = request.app_data::<web::Data<State>>().ok_or_else(ApiError::unavailable)?;
    let client = request.extensions().get::<Client>().copied();
    let checked = client.map_or(Ok(()), |client| limit(&state.limiters, client.address));
    Ok(checked.inspect_err(|_| metrics().limited(limited))?)
}

/// The same, for administrators only.
pub struct Admin(pub Identity);

impl FromRequest for Admin {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let identity = Identity::from_request(request, payload);
        Box::pin(async move {
            let identity = identity.await?;
            if identity.is_admin {
                Ok(Self(identity))
            } else {
                Err(ChatError::from(Denied::NotAdmin).into())
            }
        })
    }
}

/// A JSON body. Its error names the field that is wrong.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Body<T> {
    type Error = actix_web::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, actix_web::Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        // An empty body counts as an object without fields, so that errors name
        // a missing field.
        let reading = (!is_empty(request))
            .then(|| web::Json::<Box<RawValue>>::from_request(request, payload));
        Box::pin(async move {
            let text = match reading {
                Some(reading) => reading.await?.into_inner(),
                None => RawValue::from_string("{}".to_owned()).expect("it is JSON"),
            };
            // serde takes a list for a struct, its items in the fields' order.
            if !text.get().trim_start().starts_with('{') {
                let what = "the body must be a JSON object";
                return Err(ApiError::new(ErrorCode::InvalidMessage, what).into());
            }
            let mut json = serde_json::Deserializer::from_str(text.get());
            match serde_path_to_error::deserialize(&mut json) {
                Ok(body) => Ok(Self(body)),
                Err(error) => Err(body_error(&error).into()),
            }
        })
    }
}

/// Whether a request has no body (RFC 9112 section 6.3).
fn is_empty(request: &HttpRequest) -> bool {
    let headers = request.headers();
    match headers.get(header::CONTENT_LENGTH) {
        Some(length) => length.as_bytes() == b"0",
        None => !headers.contains_key(header::TRANSFER_ENCODING),
    }
}

/// serde names a field that is missing in its text, and the path leads to
/// one that is of the wrong type.
fn body_error(error: &serde_path_to_error::Error<serde_json::Error>) -> ApiError {
    let text = error.inner().to_string();
    let missing = text.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
    if let Some(field) = missing {
        return ApiError::field(field.to_owned(), "is missing");
    }
    let what = text.split(" at line").next().unwrap_or_default();
    let field = error.path().to_string();
    if field == "." {
        return ApiError::new(ErrorCode::InvalidMessage, format!("the body: {what}"));
    }
    ApiError::field(field, format!("is not valid: {what}"))
}

pub(super) fn room_id(text: &str) -> Result<RoomId, ApiError> {
    RoomId::parse(text).map_err(|error| ApiError::id("room_id", &error))
}

pub(super) fn user_id(text: &str) -> Result<UserId, ApiError> {
    UserId::parse(text).map_err(|error| ApiError::id("user_id", &error))
}

/// The query of a history page. Texts, so that an error can name the field.
#[derive(Deserialize)]
pub struct HistoryQuery {
    before: Option<String>,
    after: Option<String>,
    around: Option<String>,
    limit: Option<String>,
}

impl HistoryQuery {
    pub(super) fn read(&self) -> Result<(HistoryCursor, i64), ApiError> {
        let before = seq("before", self.before.as_deref())?;
        let after = seq("after", self.after.as_deref())?;
        let around = seq("around", self.around.as_deref())?;
        let cursor = HistoryCursor::one_of(before, after, around)
            .ok_or_else(|| ApiError::field("before", "after and around exclude each other"))?;
        Ok((cursor, limit(self.limit.as_deref(), HISTORY_PAGE, HISTORY_PAGE_MAX)?))
    }
}

fn seq(name: &'static str, text: Option<&str>) -> Result<Option<Seq>, ApiError> {
    let Some(text) = text else { return Ok(None) };
    match text.parse().ok().filter(|seq| *seq >= 0) {
        Some(seq) => Ok(Some(Seq(seq))),
        None => Err(ApiError::field(name, "must be a whole number, 0 or more")),
    }
}

fn limit(text: Option<&str>, default: i64, max: i64) -> Result<i64, ApiError> {
    let Some(text) = text else { return Ok(default) };
    let number = text.parse().ok().filter(|limit| (1..=max).contains(limit));
    number.ok_or_else(|| ApiError::field("limit", format!("must be a number from 1 to {max}")))
}

/// The query of a list by position, from the oldest on.
#[derive(Deserialize)]
pub struct AfterQuery {
    after: Option<String>,
    limit: Option<String>,
}

impl AfterQuery {
    pub(super) fn read(&self) -> Result<(Seq, i64), ApiError> {
        let after = seq("after", self.after.as_deref())?.unwrap_or(Seq::ZERO);
        Ok((after, limit(self.limit.as_deref(), HISTORY_PAGE, HISTORY_PAGE_MAX)?))
    }
}

/// The query of a list by user id.
#[derive(Deserialize)]
pub struct ListQuery {
    after: Option<String>,
    limit: Option<String>,
}

impl ListQuery {
    pub(super) fn read(&self) -> Result<(Option<UserId>, i64), ApiError> {
        let after = self.after.as_deref().map(UserId::parse).transpose();
        let after = after.map_err(|error| ApiError::id("after", &error))?;
        Ok((after, limit(self.limit.as_deref(), LIST_PAGE_MAX, LIST_PAGE_MAX)?))
    }
}

/// The query of a list by number, from the oldest or from the latest on.
#[derive(Deserialize)]
pub struct NumberQuery {
    after: Option<String>,
    before: Option<String>,
    limit: Option<String>,
}

impl NumberQuery {
    pub(super) fn after(&self) -> Result<(i64, i64), ApiError> {
        let after = seq("after", self.after.as_deref())?.unwrap_or(Seq::ZERO);
        Ok((after.0, self.limit()?))
    }

    pub(super) fn before(&self) -> Result<(i64, i64), ApiError> {
        let before = seq("before", self.before.as_deref())?.unwrap_or(Seq(i64::MAX));
        Ok((before.0, self.limit()?))
    }

    fn limit(&self) -> Result<i64, ApiError> {
        limit(self.limit.as_deref(), LIST_PAGE_MAX, LIST_PAGE_MAX)
    }
}

/// The query of a list that goes on from where the last page ended, as that
/// page said.
#[derive(Deserialize)]
pub struct CursorQuery {
    cursor: Option<String>,
    limit: Option<String>,
}

impl CursorQuery {
    pub(super) fn read(&self) -> Result<(i64, i64), ApiError> {
        let cursor = self.cursor.as_deref().map_or(Some(0), |text| text.parse::<i64>().ok());
        let cursor = cursor.filter(|cursor| *cursor >= 0);
        let cursor = cursor.ok_or_else(|| ApiError::field("cursor", "is not valid"))?;
        Ok((cursor, limit(self.limit.as_deref(), HISTORY_PAGE, LIST_PAGE_MAX)?))
    }
}

/// As much of a list as fits into so many bytes; its first entry does always.
/// Says whether all of it does.
pub(super) fn fitting<'a, T, V: Serialize>(
    rows: &'a [T],
    bytes_max: usize,
    view: impl Fn(&'a T) -> V,
) -> (Vec<V>, bool) {
    let mut views = Vec::with_capacity(rows.len());
    let mut bytes = 0;
    for row in rows {
        let view = view(row);
        bytes += json_size(&view) + 1;
        if bytes > bytes_max && !views.is_empty() {
            return (views, false);
        }
        views.push(view);
    }
    (views, true)
}

/// A text that people see, without what cannot be seen in it.
pub(super) fn shown_text(
    name: &'static str,
    text: &str,
    chars_max: usize,
) -> Result<String, ApiError> {
    display_text(text, chars_max).map_err(|error| ApiError::field(name, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(before: Option<&str>, after: Option<&str>, limit: Option<&str>) -> HistoryQuery {
        let text = |text: Option<&str>| text.map(str::to_owned);
        let (before, after, limit) = (text(before), text(after), text(limit));
        HistoryQuery { before, after, around: None, limit }
    }

    #[test]
    fn a_history_query_has_one_cursor_and_a_bounded_limit() {
        let read = query(Some("7"), None, Some("5")).read();
        assert_eq!(read, Ok((HistoryCursor::Before(Seq(7)), 5)));
        assert_eq!(query(None, None, None).read(), Ok((HistoryCursor::Newest, HISTORY_PAGE)));
        for bad in [
            query(Some("7"), Some("8"), None),
            query(Some("x"), None, None),
            query(Some("-1"), None, None),
            query(None, None, Some("0")),
            query(None, None, Some("201")),
        ] {
            assert!(bad.read().is_err());
        }
    }

    #[test]
    fn a_page_ends_where_its_bytes_do_and_has_one_entry_at_least() {
        let rows = ["12345678"; 5];
        // Quotes and a comma with each.
        assert_eq!(fitting(&rows, 55, |row| *row), (rows.to_vec(), true));
        assert_eq!(fitting(&rows, 54, |row| *row), (rows[..4].to_vec(), false));
        assert_eq!(fitting(&rows, 1, |row| *row), (rows[..1].to_vec(), false));
        assert_eq!(fitting(&rows[..0], 1, |row| *row), (Vec::new(), true));
    }
}
