//! A call of the REST interface: a function that answers it. Its parameters say
//! who may ask and which fields the request has, its result what is answered.

use actix_web::{
    FromRequest, HttpRequest, HttpResponse, Route,
    dev::Payload,
    http::{Method, header},
    web,
};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{
    State,
    extract::{Taken, Takes},
    reply::{Answered, Given, Gives, Reply},
};
use crate::{
    auth::Identity,
    chat::Operation,
    error::ApiError,
    operations::IDEMPOTENCY_KEY,
    protocol::{ErrorCode, Input, Schemas},
};

/// A line of the table.
pub struct Call {
    pub method: Method,
    /// What the call is in clients made from the description: never changed once
    /// it is released.
    pub(super) id: &'static str,
    pub path: &'static str,
    pub route: Box<dyn Fn() -> Route + Send + Sync>,
    /// Bytes of the largest body, if it is not that of any other call.
    pub body_bytes: Option<usize>,
    pub(super) summary: &'static str,
    /// Statuses of refusals besides those that follow from what it takes.
    pub(super) also: &'static [u16],
    pub(super) taken: Taken,
    pub(super) form: Form,
    /// The schema of its fields, as one object.
    pub(super) fields: fn(&mut Schemas) -> Value,
    pub(super) gives: fn(&mut Schemas) -> Given,
}

/// Where the fields of a request are.
#[derive(Clone, Copy)]
pub(super) struct Form {
    path: &'static str,
    /// Those that are not in the path are in the query, not in the body.
    pub in_query: bool,
    /// There are some in the body.
    pub has_body: bool,
    /// One is in a header.
    has_key: bool,
}

impl Call {
    /// It may have a larger body than others, for those who may ask for it.
    pub(super) fn large(self, body_bytes: usize) -> Self {
        Self { body_bytes: Some(body_bytes), ..self }
    }
}

pub(super) fn call<W, Q, G, F, A>(
    method: Method,
    id: &'static str,
    path: &'static str,
    answer: F,
    also: &'static [u16],
    summary: &'static str,
) -> Call
where
    W: Takes + 'static,
    Q: DeserializeOwned + JsonSchema + 'static,
    G: Gives + 'static,
    F: Fn(W, web::Data<State>, Q) -> A + Copy + Send + Sync + 'static,
    A: Future<Output = Result<Reply<G>, ApiError>> + 'static,
{
    let mut taken = Taken::default();
    W::add_to(&mut taken);
    let fields = |schemas: &mut Schemas| schemas.inline::<Q>();
    let in_query = method == Method::GET || taken.file;
    let all = fields(&mut Schemas::received(""))["properties"].take();
    let is_elsewhere =
        |name: &str| name == IDEMPOTENCY_KEY || parts_of(path).any(|part| field_of(part) == name);
    let mut names = all.as_object().into_iter().flat_map(Map::keys);
    let has_body = !in_query && names.any(|name| !is_elsewhere(name));
    let form = Form { path, in_query, has_body, has_key: all.get(IDEMPOTENCY_KEY).is_some() };
    let route = Box::new(move || route(form, answer));
    let body_bytes = None;
    Call {
        method,
        id,
        path,
        route,
        body_bytes,
        summary,
        also,
        taken,
        form,
        fields,
        gives: G::given,
    }
}

/// Answers what the ChatServer is asked for.
pub(super) async fn operate<O: Operation>(
    who: Identity,
    state: web::Data<State>,
    operation: O,
) -> Result<Reply<Answered<O::Answer>>, ApiError> {
    Ok(Reply::answered(&state.perform(&who, operation).await?))
}

fn route<W, Q, G, F, A>(form: Form, answer: F) -> Route
where
    W: Takes + 'static,
    Q: DeserializeOwned + 'static,
    G: 'static,
    F: Fn(W, web::Data<State>, Q) -> A + Copy + 'static,
    A: Future<Output = Result<Reply<G>, ApiError>> + 'static,
{
    type Path = web::Path<Vec<String>>;
    web::to(
        move |who: W, state, path: Path, request: HttpRequest, payload: web::Payload| async move {
            let fields = form.read(path.into_inner(), &request, payload.into_inner()).await?;
            let reply = answer(who, state, fields).await?;
            Ok::<HttpResponse, actix_web::Error>(reply.response)
        },
    )
}

impl Form {
    /// Reads the fields of a request.
    async fn read<Q: DeserializeOwned>(
        self,
        path: Vec<String>,
        request: &HttpRequest,
        payload: Payload,
    ) -> Result<Q, actix_web::Error> {
        let body = if self.has_body { body(request, payload).await? } else { Map::new() };
        let mut input = Input::of(body);
        if self.in_query {
            for (name, text) in form_urlencoded::parse(request.query_string().as_bytes()) {
                input.add(&name, text.into_owned());
            }
        }
        if let (true, Some(key)) = (self.has_key, request.headers().get(IDEMPOTENCY_KEY)) {
            let wrong = |_| ApiError::field(IDEMPOTENCY_KEY, "must be plain text");
            input.add(IDEMPOTENCY_KEY, key.to_str().map_err(wrong)?.to_owned());
        }
        for (part, text) in parts_of(self.path).zip(path) {
            input.add(field_of(part), text);
        }
        let names = |named: &str| parts_of(self.path).any(|part| part == named);
        let read = input.read().map_err(|refusal| match refusal.field.as_deref() {
            // The ids of messages are the server's own: what is none is not there.
            Some("message_id") if names("message") => ApiError::not_found("message"),
            Some("thread_id") if names("thread") => ApiError::not_found("message"),
            Some("report_id") if names("report") => ApiError::not_found("report"),
            Some("scheduled_id") if names("scheduled") => ApiError::not_found("scheduled message"),
            _ => refusal.into(),
        });
        Ok(read?)
    }
}

/// A JSON object; no body is one without fields, so that an error names the one
/// that is missing.
async fn body(
    request: &HttpRequest,
    mut payload: Payload,
) -> Result<Map<String, Value>, actix_web::Error> {
    if is_empty(request) {
        return Ok(Map::new());
    }
    match web::Json::<Value>::from_request(request, &mut payload).await?.into_inner() {
        Value::Object(fields) => Ok(fields),
        _ => {
            let what = "the body must be a JSON object";
            Err(ApiError::new(ErrorCode::InvalidMessage, what).into())
        }
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

/// The variable parts of a path.
pub(super) fn parts_of(path: &'static str) -> impl Iterator<Item = &'static str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

/// The field that a part of a path is.
pub(super) fn field_of(part: &str) -> &str {
    match part {
        "device" => "device_id",
        "room" => "room_id",
        "user" => "user_id",
        "message" => "message_id",
        "thread" => "thread_id",
        "report" => "report_id",
        "blocklist" => "list_id",
        "scheduled" => "scheduled_id",
        other => other,
    }
}
