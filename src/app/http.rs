//! The HTTP server: its listeners, and the service of each worker thread.

use std::{
    cell::OnceCell,
    fmt,
    future::ready,
    net::{SocketAddr, TcpListener},
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use actix_http::{
    Extensions, HttpServiceBuilder, Request, Response,
    body::{BoxBody, MessageBody},
};
use actix_server::Server;
use actix_service::{Service, ServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_tls::accept::{max_concurrent_tls_connect, rustls_0_23::Acceptor};
use actix_web::{
    App, HttpMessage as _,
    dev::{AppConfig, ServiceResponse},
    http::header::CONTENT_LENGTH,
    middleware::{Condition, from_fn},
    web,
};

use tokio::net::TcpStream;

use super::{
    Failure,
    accept::{Gate, ended, no_handshake},
    output,
};
use crate::{
    assistants::Assistants,
    auth::OriginPolicy,
    chat::WorkerId,
    config::Config,
    error::{self, ApiError},
    name_thread,
    places::Places,
    remote::Within,
    rest::{self, State, assistants::AssistantDoor},
    routes,
    session::{SessionCount, SessionSettings, Worker, upgrade},
    transport::{InTurn, Paced, TlsStream},
};
use parlor_domain::limits;

/// Kept back, while stopping, for the requests that are being answered.
pub(super) const STOP_RESERVE: Duration = Duration::from_secs(2);

/// Prints where the server listens; programs may parse the first line.
pub(super) fn banner(listeners: &[SocketAddr], config: &Config) {
    let scheme = if config.connections.certificate.is_some() { "https" } else { "http" };
    let urls: Vec<_> = listeners.iter().map(|address| format!("{scheme}://{address}")).collect();
    let opened = listeners.first().map(|address| {
        // What means every address is none that a browser could open.
        match address.ip().is_unspecified() {
            true => format!("{scheme}://localhost:{}", address.port()),
            false => format!("{scheme}://{address}"),
        }
    });
    let data = config.store.data_dir.display();
    output::say(&format!(
        "parlor {} listening on {}\n  \
         open {} in a browser to try it\n  \
         get a token:  parlor token --user alice --data-dir {data}\n  \
         data in       {}\n",
        env!("CARGO_PKG_VERSION"),
        urls.join(" and "),
        opened.unwrap_or_default(),
        config.store.database
    ));
}

/// One service a worker thread: actix-web for REST and the page, our own
/// upgrade for sockets.
pub(super) fn server(
    config: &Config,
    state: State,
    sessions: SessionCount,
    listeners: Vec<TcpListener>,
) -> Result<Server, Failure> {
    let mut workshop = Workshop::new(config, state, sessions);
    if config.connections.assistants {
        let without = workshop.clone();
        let assistants = Assistants::new(Within::new(move || without.app()));
        workshop.assistants = web::Data::new(Some(AssistantDoor::new(assistants)));
    }
    let mut builder = Server::build()
        .workers(config.workers)
        .max_concurrent_connections(limits::CONNECTIONS_PER_WORKER)
        .disable_signals()
        .shutdown_timeout(STOP_RESERVE.as_secs());
    max_concurrent_tls_connect(limits::TLS_HANDSHAKES);
    let (gate, request_timeout) = (Gate::new(config), config.connections.http.request);
    for listener in listeners {
        let (workshop, gate) = (workshop.clone(), gate.clone());
        let listening = match &config.connections.certificate {
            None => builder.listen("http", listener, move || {
                let (worker, gate) = (workshop.worker(), gate.clone());
                let http = http(request_timeout)
                    .expect(workshop.expect())
                    .on_connect_ext(|io: &InTurn<Paced>, data: &mut Extensions| {
                        data.insert(io.connection());
                    })
                    .upgrade(fn_service(move |request| upgrade::<Paced>(worker.clone(), request)))
                    .h1(workshop.app());
                let admit = move |tcp: TcpStream| {
                    let admitted = gate.admit(tcp);
                    ready(admitted.map(|(io, peer)| (InTurn::from(io), peer)))
                };
                fn_service(admit).and_then(http.map_err(ended))
            }),
            Some(certificate) => {
                let tls = certificate.server_config();
                builder.listen("https", listener, move || {
                    let (worker, gate) = (workshop.worker(), gate.clone());
                    let http = http(request_timeout)
                        .expect(workshop.expect())
                        .on_connect_ext(|io: &InTurn<TlsStream>, data: &mut Extensions| {
                            data.insert(io.connection());
                        })
                        .upgrade(fn_service(move |request| {
                            upgrade::<TlsStream>(worker.clone(), request)
                        }))
                        .h1(workshop.app());
                    let admit = move |tcp: TcpStream| ready(gate.admit(tcp).map(|(io, _)| io));
                    let with_peer = |io: TlsStream| {
                        let peer = io.get_ref().0.tcp().peer_addr().ok();
                        ready(Ok::<_, ()>((InTurn::from(io), peer)))
                    };
                    fn_service(admit)
                        .and_then(Acceptor::new(tls.clone()).map_err(no_handshake))
                        .and_then(fn_service(with_peer))
                        .and_then(http.map_err(ended))
                })
            }
        };
        builder = listening.map_err(Failure::environment)?;
    }
    Ok(builder.run())
}

/// The first head has the time of a request; how long the others have, and how
/// long one waits for a next request, `transport::Paced` decides.
fn http<T, S>(request_timeout: Duration) -> HttpServiceBuilder<T, S>
where
    S: ServiceFactory<Request, Config = ()>,
    S::Error: Into<Response<BoxBody>> + 'static,
    S::InitError: fmt::Debug,
    <S::Service as Service<Request>>::Future: 'static,
{
    HttpServiceBuilder::default()
        .keep_alive(limits::HTTP_IDLE_PROXY)
        .client_request_timeout(request_timeout)
        .client_disconnect_timeout(limits::LINGER)
}

thread_local! {
    /// The sessions of this thread, also where it serves several listeners.
    static WORKER: OnceCell<Rc<Worker>> = const { OnceCell::new() };
}

/// What every worker thread is made from.
#[derive(Clone)]
struct Workshop {
    state: State,
    settings: SessionSettings,
    sessions: SessionCount,
    assistants: web::Data<Option<AssistantDoor>>,
    origins: Arc<[String]>,
    body_bytes: usize,
    workers: Arc<AtomicUsize>,
}

impl Workshop {
    fn new(config: &Config, state: State, sessions: SessionCount) -> Self {
        let settings = SessionSettings {
            limits: config.limits.clone(),
            heartbeat: config.connections.heartbeat,
            auth_timeout: config.connections.auth_timeout,
            token_grace: config.identity.tokens.grace,
            origins: OriginPolicy::new(&config.connections.allowed_origins),
            cookie: config.connections.cookie.clone(),
            compress_from: config.connections.compress_from,
            rates: config.rates,
            limiters: state.limiters.clone(),
            proxies: config.proxies.clone(),
            guests: Places::new(limits::GUESTS_PER_ADDRESS),
        };
        Self {
            state,
            settings,
            sessions,
            assistants: web::Data::new(None),
            origins: config.connections.allowed_origins.clone().into(),
            body_bytes: config.limits.body_bytes(),
            workers: Arc::default(),
        }
    }

    /// The sessions of the thread this is called on.
    fn worker(&self) -> Rc<Worker> {
        let start = || {
            name_thread("worker");
            Worker::start(
                WorkerId(self.workers.fetch_add(1, Ordering::Relaxed)),
                self.state.chat.clone(),
                self.state.authenticator.clone(),
                self.settings.clone(),
                self.sessions.clone(),
            )
        };
        WORKER.with(|worker| worker.get_or_init(start).clone())
    }

    /// Who asks before sending a body (RFC 9110 section 10.1.1) is told at
    /// once if it is too long.
    fn expect(
        &self,
    ) -> impl ServiceFactory<
        Request,
        Config = (),
        Response = Request,
        Error = ApiError,
        InitError = (),
        Service: 'static,
        Future: 'static,
    > + use<> {
        let (file_bytes, body_bytes) = (self.state.files.bytes_max, self.body_bytes);
        fn_service(move |request: Request| {
            let is_upload = request.path().ends_with("/attachments");
            let most = if is_upload { file_bytes } else { body_bytes as u64 };
            let length = request.headers().get(CONTENT_LENGTH);
            let length = length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
            ready(match length {
                Some(length) if length > most => {
                    Err(ApiError::too_large("body", format!("must have at most {most} bytes")))
                }
                _ => Ok(request),
            })
        })
    }

    /// REST and the page.
    fn app(
        &self,
    ) -> impl ServiceFactory<
        Request,
        Config = (),
        Response = ServiceResponse<impl MessageBody + use<>>,
        Error = actix_web::Error,
        InitError = (),
        Service: 'static,
        Future: 'static,
    > + use<> {
        let app = App::new()
            .app_data(web::Data::new(self.state.clone()))
            .app_data(self.assistants.clone())
            .app_data(routes::json(self.body_bytes))
            .app_data(web::PathConfig::default().error_handler(error::path_error))
            .wrap(rest::security_headers())
            .wrap(rest::cors(&self.origins))
            .wrap(Condition::new(self.state.cookie.is_some(), from_fn(rest::with_credentials)))
            .wrap(from_fn(rest::observe))
            .configure(routes::configure);
        map_config(app, |()| AppConfig::default())
    }
}
