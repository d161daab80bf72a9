//! `parlor serve`.

use std::{
    net::{SocketAddr, TcpListener},
    os::unix::process::CommandExt,
    process::Command,
    time::Duration,
};

use actix::{Actor, Addr, Arbiter};
use actix_server::{Server, ServerHandle};
use tokio::{
    sync::{oneshot, watch},
    time::{Instant, interval, timeout, timeout_at},
};

use super::{
    Failure,
    around::Around,
    http::{self, STOP_RESERVE},
    listen::listen,
    nodes::Cluster,
    parts::{Me, start_chat, state},
    push,
    signals::Signals,
    traces::Traces,
};
use crate::{
    attachments::{Links, Store, Sweeper},
    auth::{ApiKeys, Revocations},
    callbacks::Callbacks,
    chat::{ChatServer, Drain, ReadyLists, Unfinished},
    config::{Config, ReplicaConfig},
    db::{Database, Idle, SearchIndex, Writer},
    later::{Reminders, Scheduler},
    limiter::Limiters,
    nodes::Hooks,
    rest::{Draining, Files, Search},
    session::SessionCount,
    webhooks::{Dispatcher, UnreadTeller},
};
use parlor_domain::limits::{LEASE_RELEASE, LIMITER_TICK, TRACES_LAST, upload_time};

pub(super) fn serve(config: Config, around: &impl Around) -> Result<(), Failure> {
    // Many systems allow 1,024 open files and more if one asks.
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        log::warn!("cannot raise the limit on open files: {error}");
    }
    // Before the actors start, because both block.
    let store = &config.store;
    let mut database =
        Database::open(&store.database, store.lanes).map_err(Failure::environment)?;
    if let Some(ReplicaConfig { url, lag_max }) = &store.replica {
        let added = database.add_replica(&store.database, url, *lag_max);
        added.map_err(Failure::environment)?;
    }
    let listeners = listen(&config.bind)?;
    let addresses: Result<Vec<_>, _> = listeners.iter().map(TcpListener::local_addr).collect();
    let addresses = addresses.map_err(Failure::environment)?;
    let ended = actix_web::rt::System::new().block_on(async move {
        // Before anyone can know that the server is there and ask it to stop.
        let certificate = config.connections.certificate.as_ref();
        let signals = Signals::new(around.ends_with_terminal(), certificate)?;
        let traces = config.traces.as_ref().map(Traces::start).transpose()?;
        let server = Running::start(&config, &database, listeners).await?;
        log::info!(
            "started {}: {} worker threads, data in {}",
            env!("CARGO_PKG_VERSION"),
            config.workers,
            config.store.database
        );
        if !config.identity.accounts {
            log::info!("built-in accounts are off; PARLOR_ACCOUNTS=on turns them on");
        }
        let ended = server.run(&config, &database, signals, (&addresses, around)).await;
        if let Some(traces) = traces {
            traces.end(last_spans(&config)).await;
        }
        ended
    })?;
    if ended == Ended::OtherLife { Err(start_anew()) } else { Ok(()) }
}

/// How long a server that stops waits for its last spans to be sent: nobody's connection
/// is cut for them.
fn last_spans(config: &Config) -> Duration {
    TRACES_LAST.min(config.drain_timeout / 4)
}

/// Why a server stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    Stopped,
    /// The database has begun another life: what this process has in memory,
    /// including keys of users, is no longer valid.
    OtherLife,
}

/// Replaces this process with a fresh one, with the same arguments and
/// environment: memory could not be reset with certainty, and a supervisor need
/// not notice. Returns only if that fails, with the reason.
fn start_anew() -> Failure {
    log::info!("restarting");
    let failed = |error| Failure::environment(format!("cannot restart: {error}"));
    match std::env::current_exe() {
        Ok(program) => failed(Command::new(program).args(std::env::args_os().skip(1)).exec()),
        Err(error) => failed(error),
    }
}

/// The server with its actors.
struct Running {
    server: Server,
    chat: Addr<ChatServer>,
    writer: Addr<Writer>,
    sessions: SessionCount,
    draining: Draining,
    /// Notifies the other nodes that this one has gone.
    stop: watch::Sender<bool>,
}

impl Running {
    async fn start(
        config: &Config,
        database: &Database,
        listeners: Vec<TcpListener>,
    ) -> Result<Self, Failure> {
        // Before anything is read: what others commit from now on is heard of.
        let mut cluster = Cluster::join(config, database).await?;
        let (number, leads, health) =
            (cluster.number, cluster.leads.clone(), cluster.health.clone());
        let reader = database.reader.clone();
        actix_web::rt::spawn(reader.clone().watch_replica());
        let newest = reader.newest_message_id().await.map_err(Failure::environment)?;
        let unfinished = Unfinished {
            purges: reader.unfinished_purges().await.map_err(Failure::environment)?,
            erasures: reader.unfinished_erasures().await.map_err(Failure::environment)?,
        };
        // An arbiter of its own: what keeps the ChatServer busy must not slow
        // the requests that a worker serves.
        let arbiter = Arbiter::new();
        let targets = config.webhooks.as_ref().map(|webhooks| webhooks.targets.clone());
        let targets = targets.unwrap_or_default();
        let writer = database.writer(config.limits.writes_in_flight, targets);
        let writer = Writer::start_in_arbiter(&arbiter.handle(), move |_| writer);
        let for_nodes = Arbiter::new();
        let callbacks = Callbacks::start(config.callbacks.clone(), config.limits.frame_bytes);
        let permissions = callbacks.access.clone();
        let bus = cluster.publish(&for_nodes);
        let lists = ReadyLists::default();
        lists.read(&reader).await.map_err(Failure::environment)?;
        let push = push::services(&config.push, &reader, &writer).await?;
        let me = Me {
            number,
            leads: leads.clone(),
            bus,
            callbacks,
            lists: lists.clone(),
            push: push.clone(),
        };
        let chat = start_chat(&arbiter, config, &writer, database, (newest, unfinished), me);
        let bars = reader.bars(crate::clock::now()).await;
        let bars = Revocations::new(bars.map_err(Failure::environment)?);
        let api_keys = ApiKeys::new(reader.api_keys().await.map_err(Failure::environment)?);
        if let Some(webhooks) = config.webhooks.clone() {
            if let Some(unread) = webhooks.unread {
                let teller = UnreadTeller::new(unread, reader.clone(), writer.clone());
                actix_web::rt::spawn(teller.run(leads.clone()));
            }
            let dispatcher = Dispatcher::new(webhooks, reader.clone(), writer.clone());
            actix_web::rt::spawn(dispatcher.run(leads.clone()));
        }
        push::start(config, &push, &reader, &writer, &leads);
        let reminders = Reminders::new(chat.clone(), reader.clone());
        actix_web::rt::spawn(reminders.run(leads.clone()));
        let content_bytes = config.limits.content_bytes;
        let scheduler = Scheduler::new(chat.clone(), reader.clone(), content_bytes);
        actix_web::rt::spawn(scheduler.run(leads.clone()));
        let (limits, files) = (&config.limits, &config.attachments);
        let bytes_max = limits.attachment_bytes;
        let store = Store::open(&files.store).map_err(Failure::environment)?;
        let sweeper = Sweeper {
            store: store.clone(),
            reader: reader.clone(),
            writer: writer.clone(),
            upload_time: upload_time(bytes_max, config.connections.http.request),
            alone_since: config.store.database.file().map(|_| crate::clock::now()),
        };
        actix_web::rt::spawn(sweeper.run(leads));
        let search = match config.search {
            true => Some(start_search(config, database)?),
            false => None,
        };
        let previous = config.identity.previous_secret.as_ref();
        let links = Links::new(&config.secret, previous, files.links_base.clone());
        let (allowed, quota) = (files.allowed.clone(), limits.file_quota());
        let files = Files::new(store, links, allowed, bytes_max, quota);
        let mut state =
            state(config, &chat, &writer, database, (bars, api_keys), (files, search, push));
        (state.health, state.permissions, state.lists) = (health, permissions, lists);
        if config.nodes.redis.is_some() {
            state.limiters.share();
        }
        let stop = cluster.follow(
            &for_nodes,
            Hooks {
                chat: chat.clone(),
                reader: reader.clone(),
                writer: writer.clone(),
                authenticator: state.authenticator.clone(),
                limiters: state.limiters.clone(),
            },
        );
        actix_web::rt::spawn(forget_idle(state.limiters.clone()));
        let (sessions, draining) = (SessionCount::default(), state.draining.clone());
        let server = http::server(config, state, sessions.clone(), listeners)?;
        Ok(Self { server, chat, writer, sessions, draining, stop })
    }

    /// Serves until a signal, then stops in order. Another signal ends the
    /// process at once, unless it comes with the first.
    async fn run(
        self,
        config: &Config,
        database: &Database,
        mut signals: Signals,
        (addresses, around): (&[SocketAddr], &impl Around),
    ) -> Result<Ended, Failure> {
        let Self { server, chat, writer, sessions, draining, stop: going } = self;
        let handle = server.handle();
        let mut server = std::pin::pin!(server);
        let mut failed = None;
        let ended = tokio::select! {
            ended = &mut server => {
                return ended.map(|()| Ended::Stopped).map_err(Failure::environment);
            }
            () = signals.next() => Ended::Stopped,
            () = database.life_ended() => {
                log::error!("the database was restored or replaced");
                Ended::OtherLife
            }
            Err(failure) = around.begun(addresses, config) => {
                failed = Some(failure);
                Ended::Stopped
            }
        };
        let stopping = async {
            log::info!("stopping: refusing new connections, notifying open ones");
            // First of all ready turns red, so that nobody new is sent here.
            draining.begin();
            if ended == Ended::Stopped {
                tokio::time::sleep(config.nodes.drain_delay).await;
            }
            // The last spans are sent in the same time.
            let last = config.traces.as_ref().map_or(Duration::ZERO, |_| last_spans(config));
            let time = config.drain_timeout.saturating_sub(last);
            stop(&handle, chat, writer, sessions, time).await;
            // The lease is given back, so that nobody waits for its end.
            going.send_replace(true);
            let _ = timeout(LEASE_RELEASE, going.closed()).await;
        };
        tokio::select! {
            () = stopping => {}
            // It has to be polled for its workers to stop.
            () = async { let _ = server.await; std::future::pending::<()>().await } => {}
            () = signals.next_apart() => {
                log::warn!("stopped immediately by a second signal");
                around.cut_short();
                #[expect(clippy::disallowed_methods, reason = "a second signal asks for it")]
                std::process::exit(1);
            }
        }
        log::info!("stopped");
        failed.map_or(Ok(ended), Err)
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
        let (done, drained) = oneshot::channel();
        chat.do_send(Drain(done));
        let _ = drained.await;
        let _ = writer.send(Idle).await;
        sessions.none_left().await;
    };
    if timeout_at(end, drained).await.is_err() {
        log::warn!("some connections did not close in time");
    }
    let _ = timeout(STOP_RESERVE, handle.stop(true)).await;
}

/// Opens the index, and keeps it up to date from now on.
fn start_search(config: &Config, database: &Database) -> Result<Search, Failure> {
    let index = SearchIndex::start(&config.store.database, database);
    let index = index.map_err(Failure::environment)?;
    Ok(Search::new(index))
}

/// Frees the limits of those who have left.
async fn forget_idle(limiters: Limiters) {
    let mut tick = interval(LIMITER_TICK);
    loop {
        tick.tick().await;
        limiters.forget_idle();
    }
}
