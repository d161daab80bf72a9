//! `parlor serve`.

use std::{
    net::{SocketAddr, TcpListener},
    sync::Arc,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use actix::{Actor, Addr, Arbiter};
use actix_http::HttpService;
use actix_server::{Server, ServerHandle};
use actix_service::{fn_service, map_config};
use actix_web::{App, dev::AppConfig, web};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    time::{Instant, timeout, timeout_at},
};

use super::Failure;
use crate::{
    auth::{Accounts, Authenticator, OriginPolicy, Passwords, TokenKeys},
    chat::{ChatServer, ChatSettings, Drain, WorkerId},
    config::Config,
    db::{Database, Idle, Writer},
    domain::{MessageId, MessageIds, RoomKey},
    error, limits,
    rest::{self, Draining, State},
    routes,
    session::{SessionCount, SessionSettings, UpgradeRequest, Worker, upgrade},
};

/// The node's part of every message id; one node has the number 0.
const NODE: u8 = 0;

pub(super) fn serve(config: Config) -> Result<(), Failure> {
    // Many systems allow 1,024 open files and more if one asks.
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        log::warn!("the limit of open files stays as it is: {error}");
    }
    // Before the actors start, because both block.
    let database = Database::open(&config.store.database).map_err(Failure::environment)?;
    let listener = listen(config.bind)?;
    let address = listener.local_addr().map_err(Failure::environment)?;
    actix_web::rt::System::new().block_on(async move {
        // Before anyone can know that the server is there and ask it to stop.
        let signals = Signals::new()?;
        let server = Running::start(&config, &database, listener).await?;
        banner(address, &config);
        server.run(&config, signals).await
    })
}

fn listen(bind: SocketAddr) -> Result<TcpListener, Failure> {
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

fn banner(address: SocketAddr, config: &Config) {
    let data = config.store.data_dir.display();
    println!("parlor {} listening on http://{address}", env!("CARGO_PKG_VERSION"));
    println!("  open that address in a browser to try it");
    println!("  get a token:  parlor token --user alice --data-dir {data}");
    println!("  data in       {}", config.store.database.display());
}

/// The server with its actors.
struct Running {
    server: Server,
    chat: Addr<ChatServer>,
    writer: Addr<Writer>,
    sessions: SessionCount,
    draining: Draining,
}

impl Running {
    async fn start(
        config: &Config,
        database: &Database,
        listener: TcpListener,
    ) -> Result<Self, Failure> {
        let reader = database.reader.clone();
        let newest = reader.newest_message_id().await.map_err(Failure::environment)?;
        let purges = reader.unfinished_purges().await.map_err(Failure::environment)?;
        // An arbiter of its own: what keeps the ChatServer busy must not slow
        // the requests that a worker serves.
        let arbiter = Arbiter::new();
        let writer = database.writer(config.limits.writes_in_flight);
        let writer = Writer::start_in_arbiter(&arbiter.handle(), move |_| writer);
        let chat = start_chat(&arbiter, config, &writer, database, newest, purges);
        let state = state(config, &chat, &writer, database);
        let (sessions, draining) = (SessionCount::default(), state.draining.clone());
        let server = http_server(config, state, sessions.clone(), listener)?;
        Ok(Self { server, chat, writer, sessions, draining })
    }

    /// Serves until a signal, then stops in order. A second signal ends the
    /// process at once.
    async fn run(self, config: &Config, mut signals: Signals) -> Result<(), Failure> {
        let Self { server, chat, writer, sessions, draining } = self;
        let handle = server.handle();
        let mut server = std::pin::pin!(server);
        tokio::select! {
            ended = &mut server => return ended.map_err(Failure::environment),
            () = signals.next() => {}
        }
        let stopping = async {
            log::info!("stopping: no new connections, open ones are told");
            draining.begin();
            stop(&handle, chat, writer, sessions, config.drain_timeout).await;
        };
        tokio::select! {
            () = stopping => {}
            // It has to be polled for its workers to stop.
            () = async { let _ = server.await; std::future::pending::<()>().await } => {}
            () = signals.next() => {
                log::warn!("stopped at once by a second signal");
                std::process::exit(1);
            }
        }
        log::info!("stopped");
        Ok(())
    }
}

/// Accept nothing new; commit and answer what was accepted; close the
/// sessions; stop. Each step has what is left of the time.
async fn stop(
    handle: &ServerHandle,
    chat: Addr<ChatServer>,
    writer: Addr<Writer>,
    sessions: SessionCount,
    time: Duration,
) {
    let end = Instant::now() + time.saturating_sub(STOP_RESERVE);
    let drained = async {
        handle.pause().await;
        let _ = chat.send(Drain).await;
        let _ = writer.send(Idle).await;
        sessions.none_left().await;
    };
    if timeout_at(end, drained).await.is_err() {
        log::warn!("some connections did not end in time");
    }
    let _ = timeout(STOP_RESERVE, handle.stop(true)).await;
}

/// Kept back for the requests that are being answered.
const STOP_RESERVE: Duration = Duration::from_secs(2);

fn start_chat(
    arbiter: &Arbiter,
    config: &Config,
    writer: &Addr<Writer>,
    database: &Database,
    newest: Option<MessageId>,
    purges: Vec<RoomKey>,
) -> Addr<ChatServer> {
    let settings = ChatSettings {
        limits: config.limits.clone(),
        heartbeat_interval: config.heartbeat.interval,
    };
    let (writer, reader) = (writer.clone(), database.reader.clone());
    let ids = MessageIds::new(NODE, newest);
    ChatServer::start_in_arbiter(&arbiter.handle(), move |_| {
        ChatServer::new(settings, writer, reader, ids, purges)
    })
}

fn state(
    config: &Config,
    chat: &Addr<ChatServer>,
    writer: &Addr<Writer>,
    database: &Database,
) -> State {
    let keys = TokenKeys::new(&config.secret);
    let accounts = Accounts {
        keys: keys.clone(),
        reader: database.reader.clone(),
        writer: writer.clone(),
        passwords: Passwords::default(),
        access_ttl: config.tokens.access_ttl,
        refresh_ttl: config.tokens.refresh_ttl,
    };
    State {
        chat: chat.clone(),
        reader: database.reader.clone(),
        accounts,
        authenticator: Authenticator::new(keys, database.reader.clone(), writer.clone()),
        limits: config.limits.clone(),
        draining: Draining::default(),
    }
}

/// One service a worker thread: actix-web for REST and the page, our own
/// upgrade for sockets.
fn http_server(
    config: &Config,
    state: State,
    sessions: SessionCount,
    listener: TcpListener,
) -> Result<Server, Failure> {
    let settings = SessionSettings {
        limits: config.limits.clone(),
        heartbeat: config.heartbeat,
        auth_timeout: config.auth_timeout,
        origins: OriginPolicy::new(&config.allowed_origins),
    };
    let origins: Arc<[String]> = config.allowed_origins.clone().into();
    let body_bytes = limits::body_bytes(&config.limits);
    let workers = Arc::new(AtomicUsize::new(0));
    let service = move || {
        let worker = Worker::start(
            WorkerId(workers.fetch_add(1, Ordering::Relaxed)),
            state.chat.clone(),
            state.authenticator.clone(),
            settings.clone(),
            sessions.clone(),
        );
        let app = App::new()
            .app_data(web::Data::new(state.clone()))
            .app_data(web::JsonConfig::default().limit(body_bytes).error_handler(error::json_error))
            .app_data(web::QueryConfig::default().error_handler(error::query_error))
            .app_data(web::PathConfig::default().error_handler(error::path_error))
            .wrap(rest::security_headers())
            .wrap(rest::cors(&origins))
            .wrap(rest::access_log())
            .configure(routes::configure);
        let sockets = fn_service(move |request: UpgradeRequest| upgrade(worker.clone(), request));
        HttpService::build()
            .tcp_nodelay(true)
            .upgrade(sockets)
            .h1(map_config(app, |()| AppConfig::default()))
            .tcp()
    };
    let server = Server::build()
        .workers(config.workers)
        .max_concurrent_connections(limits::CONNECTIONS_PER_WORKER)
        .disable_signals()
        .shutdown_timeout(STOP_RESERVE.as_secs())
        .listen("http", listener, service)
        .map_err(Failure::environment)?;
    Ok(server.run())
}

/// The signals that ask the process to stop.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> Result<Self, Failure> {
        let on = |kind| signal(kind).map_err(Failure::environment);
        Ok(Self {
            terminate: on(SignalKind::terminate())?,
            interrupt: on(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
