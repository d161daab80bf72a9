//! This very server, asked without a connection: requests go to a service of its own, which
//! checks, limits and logs them as those of clients, on a thread of its own.

use std::{
    fmt,
    net::SocketAddr,
    rc::Rc,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use actix::Arbiter;
use actix_http::{
    BoxedPayloadStream, Payload, Request,
    body::{MessageBody, to_bytes_limited},
    header::{HeaderMap, HeaderName, HeaderValue},
};
use actix_service::{Service, ServiceFactory};
use actix_web::dev::ServiceResponse;
use bytes::Bytes;
use futures_util::stream;
use reqwest::{RequestBuilder, Url};
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};

use super::Answer;
use crate::{name_thread, outbound};
use parlor_domain::limits::WITHIN_WAITING;

/// Who asks for something over another request, as far as that says from where.
#[derive(Clone, Default)]
pub struct Caller {
    pub peer: Option<SocketAddr>,
    /// What proxies have said of where it comes from.
    pub forwarded: Vec<(HeaderName, HeaderValue)>,
}

/// The way to this server.
#[derive(Clone)]
pub struct Within(Arc<Inner>);

struct Inner {
    asked: mpsc::Sender<Asked>,
    /// Starts the thread; taken by the first who asks.
    start: Mutex<Option<Box<dyn FnOnce() + Send>>>,
    /// Which only makes requests, and sends none.
    client: reqwest::Client,
    base: Url,
}

/// A request, and who waits for what comes of it.
struct Asked {
    request: reqwest::Request,
    caller: Caller,
    most: usize,
    answer: oneshot::Sender<Answer>,
}

impl Within {
    /// Over a service that `make` makes when something is asked for the first time.
    pub fn new<S, B>(make: impl FnOnce() -> S + Send + 'static) -> Self
    where
        S: ServiceFactory<Request, Config = (), Response = ServiceResponse<B>> + 'static,
        S::InitError: fmt::Debug,
        B: MessageBody + 'static,
    {
        let (asked, asking) = mpsc::channel(WITHIN_WAITING);
        let start = move || {
            Arbiter::new().spawn_fn(move || {
                name_thread("within");
                actix_web::rt::spawn(serve(make(), asking));
            });
        };
        let base = Url::parse("http://localhost/api/v1").expect("it is a URL");
        let client = outbound::direct_client(Duration::ZERO);
        Self(Arc::new(Inner { asked, start: Mutex::new(Some(Box::new(start))), client, base }))
    }

    pub(super) fn base(&self) -> &Url {
        &self.0.base
    }

    pub(super) fn client(&self) -> &reqwest::Client {
        &self.0.client
    }

    /// Has a request answered, within a time.
    pub(super) async fn ask(
        &self,
        request: RequestBuilder,
        caller: Caller,
        most: usize,
        within: Duration,
    ) -> Result<Answer, String> {
        let start = self.0.start.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(start) = start {
            start();
        }
        let request = request.build().map_err(outbound::cause)?;
        let (answer, answered) = oneshot::channel();
        let asked = Asked { request, caller, most, answer };
        let answering = async {
            self.0.asked.send(asked).await.ok()?;
            answered.await.ok()
        };
        match timeout(within, answering).await {
            Ok(answer) => answer.ok_or_else(|| "the server is stopping".to_owned()),
            Err(_) => Err("no answer in time".to_owned()),
        }
    }
}

/// Answers for as long as somebody may ask.
async fn serve<S, B>(service: S, mut asking: mpsc::Receiver<Asked>)
where
    S: ServiceFactory<Request, Config = (), Response = ServiceResponse<B>> + 'static,
    S::InitError: fmt::Debug,
    B: MessageBody + 'static,
{
    let service = match service.new_service(()).await {
        Ok(service) => Rc::new(service),
        Err(error) => return log::error!("nothing can be asked within the server: {error:?}"),
    };
    while let Some(Asked { request, caller, most, answer }) = asking.recv().await {
        let service = service.clone();
        actix_web::rt::spawn(async move {
            let Ok(response) = service.call(converted(&request, caller)).await else { return };
            // Whoever asked may have gone.
            let _ = answer.send(read(response, most).await);
        });
    }
}

/// A request as a connection would give it.
fn converted(request: &reqwest::Request, caller: Caller) -> Request {
    let body = request.body().and_then(reqwest::Body::as_bytes);
    let body = Bytes::copy_from_slice(body.unwrap_or_default());
    let length = body.len();
    let body: BoxedPayloadStream = Box::pin(stream::once(async { Ok(body) }));
    let mut converted = Request::with_payload(Payload::Stream { payload: body });
    let head = converted.head_mut();
    head.method = request.method().as_str().parse().unwrap_or_default();
    let url = request.url();
    let path = url
        .query()
        .map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    head.uri = path.parse().unwrap_or_default();
    head.peer_addr = caller.peer;
    head.headers = headers(request, length);
    for (name, value) in caller.forwarded {
        head.headers.append(name, value);
    }
    converted
}

/// Two versions of the same library have a type of their own each.
fn headers(request: &reqwest::Request, length: usize) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in request.headers() {
        let name = HeaderName::from_bytes(name.as_str().as_bytes());
        let value = HeaderValue::from_bytes(value.as_bytes());
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    headers.insert(actix_http::header::CONTENT_LENGTH, HeaderValue::from(length));
    headers
}

async fn read<B: MessageBody>(response: ServiceResponse<B>, most: usize) -> Answer {
    let status = reqwest::StatusCode::from_u16(response.status().as_u16()).unwrap_or_default();
    let after = response.headers().get(actix_http::header::RETRY_AFTER);
    let after = Answer::after(after.map(HeaderValue::as_bytes));
    let body = match to_bytes_limited(response.into_body(), most).await {
        Ok(Ok(body)) => Ok(body.to_vec()),
        Ok(Err(_)) => Err("its answer could not be read".to_owned()),
        Err(_) => Err(format!("it answered more than {most} bytes")),
    };
    Answer { status, after, body }
}
