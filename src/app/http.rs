//! The HTTP server: what listens, and the service of each worker thread.

use std::{
    net::{SocketAddr, TcpListener},
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use actix_http::{HttpService, Request, body::MessageBody};
use actix_server::Server;
use actix_service::{ServiceFactory, fn_service, map_config};
use actix_tls::accept::max_concurrent_tls_connect;
use actix_web::{
    App,
    dev::{AppConfig, ServiceResponse},
    middleware::from_fn,
    web,
};

use tokio::net::TcpStream;

use super::{Failure, serve::STOP_RESERVE};
use crate::{
    auth::OriginPolicy,
    chat::WorkerId,
    config::Config,
    error, limits,
    rest::{self, State},
    routes,
    session::{SessionCount, SessionSettings, Worker, upgrade},
    transport::TlsStream,
};

pub(super) fn listen(bind: SocketAddr) -> Result<TcpListener, Failure> {
    let failed =
        |error: std::io::Error| Failure::environment(format!("cannot listen on {bind}: {error}"));
    let domain = socket2::Domain::for_address(bind);
    let socket = socket2::Socket::new(domain, socket2::Type::STREAM, None).map_err(failed)?;
    // A restart must not wait for the connections of the last run to fade.
    socket.set_reuse_address(true).map_err(failed)?;
    socket.bind(&bind.into()).map_err(failed)?;
    socket.listen(limits::LISTEN_BACKLOG as i32).map_err(failed)?;
    Ok(socket.into())
}

pub(super) fn banner(address: SocketAddr, config: &Config) {
    let scheme = if config.certificate.is_some() { "https" } else { "http" };
    let data = config.store.data_dir.display();
    println!("parlor {} listening on {scheme}://{address}", env!("CARGO_PKG_VERSION"));
    println!("  open that address in a browser to try it");
    println!("  get a token:  parlor token --user alice --data-dir {data}");
    println!("  data in       {}", config.store.database);
}

/// One service a worker thread: actix-web for REST and the page, our own
/// upgrade for sockets.
pub(super) fn server(
    config: &Config,
    state: State,
    sessions: SessionCount,
    listener: TcpListener,
) -> Result<Server, Failure> {
    let workshop = Workshop::new(config, state, sessions);
    let builder = Server::build()
        .workers(config.workers)
        .max_concurrent_connections(limits::CONNECTIONS_PER_WORKER)
        .disable_signals()
        .shutdown_timeout(STOP_RESERVE.as_secs());
    let builder = match &config.certificate {
        None => builder.listen("http", listener, move || {
            let worker = workshop.worker();
            HttpService::build()
                .tcp_nodelay(true)
                .upgrade(fn_service(move |request| upgrade::<TcpStream>(worker.clone(), request)))
                .h1(workshop.app())
                .tcp()
        }),
        Some(certificate) => {
            max_concurrent_tls_connect(limits::TLS_HANDSHAKES);
            let tls = certificate.server_config();
            builder.listen("https", listener, move || {
                let worker = workshop.worker();
                HttpService::build()
                    .tcp_nodelay(true)
                    .upgrade(fn_service(move |request| {
                        upgrade::<TlsStream>(worker.clone(), request)
                    }))
                    .h1(workshop.app())
                    .rustls_0_23(tls.clone())
            })
        }
    };
    Ok(builder.map_err(Failure::environment)?.run())
}

/// What every worker thread is made from.
#[derive(Clone)]
struct Workshop {
    state: State,
    settings: SessionSettings,
    sessions: SessionCount,
    origins: Arc<[String]>,
    body_bytes: usize,
    workers: Arc<AtomicUsize>,
}

impl Workshop {
    fn new(config: &Config, state: State, sessions: SessionCount) -> Self {
        let settings = SessionSettings {
            limits: config.limits.clone(),
            heartbeat: config.heartbeat,
            auth_timeout: config.auth_timeout,
            token_grace: config.tokens.grace,
            origins: OriginPolicy::new(&config.allowed_origins),
            compress_from: config.compress_from,
            rates: config.rates,
            limiters: state.limiters.clone(),
            proxies: config.proxies.clone(),
        };
        Self {
            state,
            settings,
            sessions,
            origins: config.allowed_origins.clone().into(),
            body_bytes: limits::body_bytes(&config.limits),
            workers: Arc::default(),
        }
    }

    /// The sessions of the thread this is called on.
    fn worker(&self) -> Rc<Worker> {
        Worker::start(
            WorkerId(self.workers.fetch_add(1, Ordering::Relaxed)),
            self.state.chat.clone(),
            self.state.authenticator.clone(),
            self.settings.clone(),
            self.sessions.clone(),
        )
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
            .app_data(
                web::JsonConfig::default().limit(self.body_bytes).error_handler(error::json_error),
            )
            .app_data(web::QueryConfig::default().error_handler(error::query_error))
            .app_data(web::PathConfig::default().error_handler(error::path_error))
            .wrap(rest::security_headers())
            .wrap(rest::cors(&self.origins))
            .wrap(from_fn(rest::observe))
            .configure(routes::configure);
        map_config(app, |()| AppConfig::default())
    }
}
