//! Errors of the HTTP interface: a status, a stable code, a sentence.

use std::{borrow::Cow, io, time::Duration};

use actix_http::{Response, body::BoxBody};
use actix_web::{
    HttpRequest, HttpResponse, ResponseError,
    error::{JsonPayloadError, PathError, PayloadError},
    http::{StatusCode, header},
};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    auth::{AccountError, AuthError},
    chat::ChatError,
    db::ReadError,
    limiter::Limited,
    metrics::metrics,
    protocol::{ErrorCode, ErrorView, Refusal},
};
use parlor_domain::limits::RETRY_AFTER;

/// The error response of a REST call or an upgrade.
///
/// It reveals nothing internal: the cause is logged where it happened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    code: ErrorCode,
    message: String,
    field: Option<Cow<'static, str>>,
    retry_after: Option<Duration>,
    upgrade_required: bool,
}

/// The body of every error.
#[derive(Serialize, JsonSchema)]
pub struct ErrorBody<'a> {
    error: ErrorView<'a>,
}

impl ApiError {
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { code, message, field: None, retry_after: None, upgrade_required: false }
    }

    /// `what` continues a sentence that begins with the field's name.
    pub fn field(name: impl Into<Cow<'static, str>>, what: impl std::fmt::Display) -> Self {
        let name = name.into();
        let message = format!("{name} {what}");
        Self { field: Some(name), ..Self::new(ErrorCode::InvalidMessage, message) }
    }

    /// A field that exceeds its limit.
    pub fn too_large(name: &'static str, what: impl std::fmt::Display) -> Self {
        Self { code: ErrorCode::TooLarge, ..Self::field(name, what) }
    }

    pub fn not_found(what: &str) -> Self {
        Self::new(ErrorCode::NotFound, format!("there is no such {what}, or you may not see it"))
    }

    pub fn forbidden(why: &str) -> Self {
        Self::new(ErrorCode::Forbidden, why)
    }

    pub fn unavailable() -> Self {
        ChatError::unavailable().into()
    }

    pub fn code(&self) -> ErrorCode {
        self.code
    }

    pub fn status(&self) -> StatusCode {
        if self.upgrade_required {
            return StatusCode::UPGRADE_REQUIRED;
        }
        match self.code {
            ErrorCode::InvalidMessage => StatusCode::BAD_REQUEST,
            ErrorCode::Unauthorized | ErrorCode::TokenExpired => StatusCode::UNAUTHORIZED,
            ErrorCode::Forbidden => StatusCode::FORBIDDEN,
            ErrorCode::NotFound | ErrorCode::PushOff => StatusCode::NOT_FOUND,
            ErrorCode::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            ErrorCode::Timeout => StatusCode::REQUEST_TIMEOUT,
            ErrorCode::Conflict => StatusCode::CONFLICT,
            ErrorCode::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            ErrorCode::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            ErrorCode::Refused | ErrorCode::ContentBlocked => StatusCode::UNPROCESSABLE_ENTITY,
            ErrorCode::ProcessingError => StatusCode::INTERNAL_SERVER_ERROR,
            ErrorCode::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The delay before a retry, in whole seconds, rounded up (RFC 9110 section
    /// 10.2.3).
    pub fn retry_after_seconds(&self) -> Option<u64> {
        let after = self.retry_after?;
        Some(u64::try_from(after.as_millis().div_ceil(1000)).unwrap_or(u64::MAX))
    }

    /// Another protocol, or another version of it, is required.
    pub fn upgrade_required(what: impl Into<String>) -> Self {
        Self { upgrade_required: true, ..Self::new(ErrorCode::InvalidMessage, what) }
    }

    /// The body: `{"error": {…}}`.
    pub fn to_json(&self) -> String {
        let retry_after_ms =
            self.retry_after.map(|after| u64::try_from(after.as_millis()).unwrap_or(u64::MAX));
        let message = self.message.as_str().into();
        let error =
            ErrorView { code: self.code, message, field: self.field.as_deref(), retry_after_ms };
        serde_json::to_string(&ErrorBody { error }).expect("texts and numbers are JSON")
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.status()
    }

    fn error_response(&self) -> HttpResponse {
        metrics().error(self.code.as_str());
        let mut response = HttpResponse::build(self.status());
        response.insert_header((header::CONTENT_TYPE, "application/json"));
        if self.status() == StatusCode::UNAUTHORIZED {
            // Which kind of token would do (RFC 9110 section 11.6.1).
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        if let Some(seconds) = self.retry_after_seconds() {
            response.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        response.body(self.to_json())
    }
}

/// For requests refused before they reach actix-web.
impl From<ApiError> for Response<BoxBody> {
    fn from(error: ApiError) -> Self {
        error.error_response().into()
    }
}

impl From<ChatError> for ApiError {
    fn from(error: ChatError) -> Self {
        Self {
            field: error.field().map(Into::into),
            retry_after: error.retry_after(),
            ..Self::new(error.code(), error.to_string())
        }
    }
}

impl From<Limited> for ApiError {
    fn from(Limited { retry_after }: Limited) -> Self {
        let what = "too many requests; wait a little";
        Self { retry_after: Some(retry_after), ..Self::new(ErrorCode::RateLimited, what) }
    }
}

impl From<Refusal> for ApiError {
    fn from(Refusal { code, message, field }: Refusal) -> Self {
        Self { field, ..Self::new(code, message) }
    }
}

impl From<ReadError> for ApiError {
    fn from(error: ReadError) -> Self {
        ChatError::from(error).into()
    }
}

impl From<AuthError> for ApiError {
    fn from(error: AuthError) -> Self {
        let code = error.code();
        let retry_after = (code == ErrorCode::Unavailable).then_some(RETRY_AFTER);
        Self { retry_after, ..Self::new(code, error.to_string()) }
    }
}

impl From<AccountError> for ApiError {
    fn from(error: AccountError) -> Self {
        let code = match &error {
            AccountError::Taken => ErrorCode::Conflict,
            AccountError::Wrong | AccountError::RefreshRefused | AccountError::RefreshReused(_) => {
                ErrorCode::Unauthorized
            }
            AccountError::WrongOld | AccountError::NoPassword => ErrorCode::Forbidden,
            AccountError::Unavailable => return Self::unavailable(),
            AccountError::Internal => ErrorCode::ProcessingError,
        };
        Self::new(code, error.to_string())
    }
}

/// A body that is not the expected JSON.
pub fn json_error(error: JsonPayloadError, _: &HttpRequest) -> actix_web::Error {
    match error {
        JsonPayloadError::Overflow { limit }
        | JsonPayloadError::OverflowKnownLength { limit, .. } => {
            ApiError::new(ErrorCode::TooLarge, format!("the body must have at most {limit} bytes"))
        }
        JsonPayloadError::ContentType => {
            ApiError::new(ErrorCode::InvalidMessage, "the body must be application/json")
        }
        // serde's text names the field and says what is wrong with it.
        JsonPayloadError::Deserialize(error) => {
            let what = if error.is_data() { "valid" } else { "valid JSON" };
            ApiError::new(ErrorCode::InvalidMessage, format!("the body is not {what}: {error}"))
        }
        JsonPayloadError::Payload(error) => ApiError::from(&error),
        _ => ApiError::new(ErrorCode::InvalidMessage, "the body could not be read"),
    }
    .into()
}

/// A body that fails to arrive.
impl From<&PayloadError> for ApiError {
    fn from(error: &PayloadError) -> Self {
        match error {
            PayloadError::Io(error) if error.kind() == io::ErrorKind::TimedOut => {
                Self::new(ErrorCode::Timeout, "the body came too slowly, or not at all")
            }
            _ => Self::new(ErrorCode::InvalidMessage, "the body was cut short"),
        }
    }
}

pub fn path_error(_: PathError, _: &HttpRequest) -> actix_web::Error {
    ApiError::new(ErrorCode::NotFound, "there is nothing at this path").into()
}
