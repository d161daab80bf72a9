//! How a connection to PostgreSQL is made.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use diesel::{ConnectionError, ConnectionResult};
use diesel_async::{AsyncPgConnection, pooled_connection::PoolableConnection};
use socket2::{SockRef, TcpKeepalive};
use tokio::{net::TcpStream, time::timeout};
use tokio_postgres::{
    Config, SimpleQueryMessage,
    config::{Host, SslMode},
    error::SqlState,
    tls::{MakeTlsConnect, NoTls, TlsConnect},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{
    Conn,
    guard::Guard,
    runtime::{self, Own},
    stalled::Stalled,
    url::{PostgresUrl, Takes, full_cause},
};
use parlor_domain::limits::{
    POSTGRES_CONNECT_TIMEOUT, POSTGRES_IDLE, POSTGRES_KEEPALIVE, POSTGRES_RESPONSE_TIMEOUT,
    REPLICA_READ_TIMEOUT, postgres_host_timeout,
};

/// Makes one connection: to the first host that can be reached, and lets one
/// write where that is asked for. `silence` is for how long a question may
/// have no answer.
///
/// # Errors
/// Each host's reason.
async fn connect(url: &PostgresUrl, silence: Duration) -> ConnectionResult<AsyncPgConnection> {
    let hosts = url.config.get_hosts().len();
    let each = postgres_host_timeout(hosts);
    let mut causes = Vec::new();
    for i in 0..hosts {
        let cause = match timeout(each, to_host(url, i, silence)).await {
            Ok(Ok(conn)) => return Ok(conn),
            Ok(Err(cause)) => cause,
            Err(_) => format!("no answer within {each:?}"),
        };
        causes.push(format!("{}: {cause}", url.host(i)));
    }
    Err(ConnectionError::BadConnection(causes.join("; ")))
}

/// With TLS or without, as the URL lets it.
async fn to_host(
    url: &PostgresUrl,
    i: usize,
    silence: Duration,
) -> Result<AsyncPgConnection, String> {
    let Host::Tcp(name) = &url.config.get_hosts()[i] else {
        return Err("only TCP is supported: name the host".to_owned());
    };
    let tls = url.tls.client_config()?.map(MakeRustlsConnect::new);
    let mut last = String::new();
    for mode in url.tls.attempts() {
        let stream = match url.config.get_hostaddrs().get(i) {
            Some(address) => TcpStream::connect((*address, url.port(i))).await,
            None => TcpStream::connect((name.as_str(), url.port(i))).await,
        };
        let stream = stream.map_err(|error| error.to_string())?;
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        // A lane may have nothing to do for long, and what lies between forgets it.
        let alive =
            TcpKeepalive::new().with_time(POSTGRES_KEEPALIVE).with_interval(POSTGRES_KEEPALIVE);
        SockRef::from(&stream).set_tcp_keepalive(&alive).map_err(|error| error.to_string())?;
        let stream = Stalled::new(stream, silence);
        let mut config = url.config.clone();
        config.ssl_mode(*mode);
        let started = match tls.clone() {
            Some(mut tls) if *mode != SslMode::Disable => {
                let Ok(tls) = MakeTlsConnect::<Stalled>::make_tls_connect(&mut tls, name);
                start(&config, stream, tls).await
            }
            _ => start(&config, stream, NoTls).await,
        };
        match started {
            Ok(client) => {
                if let Some(why) = refusal(&client, url.takes).await.map_err(|e| full_cause(&e))? {
                    return Err(why.to_owned());
                }
                return AsyncPgConnection::try_from(client).await.map_err(|e| e.to_string());
            }
            Err(error) => {
                last = full_cause(&error);
                if last.contains("unsupported startup parameter") {
                    last.push_str(POOLER);
                }
                if !is_about_tls(&error) {
                    break;
                }
            }
        }
    }
    Err(last)
}

/// Why a server is not taken. Whether it writes is asked as libpq does: a
/// standby does not, nor does a primary that lets nobody write.
async fn refusal(
    client: &tokio_postgres::Client,
    takes: Takes,
) -> Result<Option<&'static str>, tokio_postgres::Error> {
    let (question, refused, why) = match takes {
        Takes::Any => return Ok(None),
        Takes::Writable => ("SHOW transaction_read_only", "on", "it is read only"),
        Takes::Standby => ("SELECT pg_is_in_recovery()", "f", "it is not a standby"),
    };
    let shown = client.simple_query(question).await?;
    let is_refused = shown.iter().any(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0) == Some(refused),
        _ => false,
    });
    Ok(is_refused.then_some(why))
}

/// What sessions are set to is refused by who shares them out.
const POOLER: &str = ": a pooler is in between, which has to let `options` through, or the URL \
     has to name the server itself";

/// Whether the server may say something else with TLS, or without: it has not
/// got as far as saying anything, or lets nobody in who comes like this.
fn is_about_tls(error: &tokio_postgres::Error) -> bool {
    error.code().is_none_or(|code| *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION)
}

async fn start<T>(
    config: &Config,
    stream: Stalled,
    tls: T,
) -> Result<tokio_postgres::Client, tokio_postgres::Error>
where
    T: TlsConnect<Stalled>,
    T::Stream: Send + 'static,
{
    let (client, connection) = config.connect_raw(stream, tls).await?;
    tokio::spawn(async move {
        // Whoever uses the connection meets with the error, and logs it.
        if let Err(error) = connection.await {
            log::debug!("a connection to the database ended: {error}");
        }
    });
    Ok(client)
}

/// The same, if the database is in the life that is guarded.
pub(crate) async fn connect_guarded(
    url: &PostgresUrl,
    guard: &Guard,
) -> ConnectionResult<AsyncPgConnection> {
    let mut conn = connect(url, POSTGRES_RESPONSE_TIMEOUT).await?;
    guard.check(&mut conn).await?;
    Ok(conn)
}

/// A connection to a replica. Which life it shows, each read finds out for
/// itself.
pub(crate) async fn connect_to_standby(url: &PostgresUrl) -> ConnectionResult<AsyncPgConnection> {
    connect(url, REPLICA_READ_TIMEOUT).await
}

/// A blocking connection of a pool.
pub(crate) struct Pooled {
    pub conn: Conn,
    /// Something failed on it that may be its own: it is made anew, whatever
    /// that was.
    pub is_broken: bool,
    runtime: Own,
    generation: u64,
}

/// Makes the blocking connections of a pool.
#[derive(Debug)]
pub(crate) struct Manager {
    url: PostgresUrl,
    guard: Guard,
    /// One breaks, and those that were made with it are suspect: whatever
    /// came over the server, or between, they would fail one after the other.
    generation: AtomicU64,
}

impl Manager {
    pub fn new(url: PostgresUrl, guard: Guard) -> Self {
        Self { url, guard, generation: AtomicU64::new(0) }
    }
}

impl r2d2::ManageConnection for Manager {
    type Connection = Pooled;
    type Error = ConnectionError;

    fn connect(&self) -> Result<Pooled, ConnectionError> {
        let generation = self.generation.load(Ordering::Relaxed);
        let (conn, runtime) = runtime::connect(connect_guarded(&self.url, &self.guard))?;
        Ok(Pooled { conn, is_broken: false, runtime, generation })
    }

    /// The server is not asked: that would cost each batch a round trip.
    fn is_valid(&self, pooled: &mut Pooled) -> Result<(), ConnectionError> {
        pooled.runtime.catch_up();
        let is_suspect = pooled.generation != self.generation.load(Ordering::Relaxed);
        if is_suspect || PoolableConnection::is_broken(&mut *pooled.conn) {
            return Err(ConnectionError::BadConnection("the connection ended".to_owned()));
        }
        Ok(())
    }

    fn has_broken(&self, pooled: &mut Pooled) -> bool {
        let has_broken = pooled.is_broken
            || std::thread::panicking()
            || PoolableConnection::is_broken(&mut *pooled.conn);
        if has_broken {
            // Only the first one of those that were made together.
            self.generation.fetch_max(pooled.generation + 1, Ordering::Relaxed);
        }
        has_broken
    }
}

/// The connections that write: one a lane.
pub(crate) type WriterPool = r2d2::Pool<Manager>;

/// A blocking connection of no pool, for what comes before it is known which
/// life the database is in.
pub(crate) fn establish(url: &PostgresUrl, silence: Duration) -> Result<Conn, String> {
    let made = runtime::connect(connect(url, silence));
    made.map(|(conn, _)| conn).map_err(|error| match error {
        ConnectionError::BadConnection(cause) => cause,
        other => other.to_string(),
    })
}

pub(crate) fn pool(url: &PostgresUrl, lanes: usize, guard: Guard) -> WriterPool {
    let size = u32::try_from(lanes).unwrap_or(u32::MAX);
    r2d2::Pool::builder()
        .max_size(size)
        // A database that is away at the moment is there again later.
        .min_idle(Some(0))
        .idle_timeout(Some(POSTGRES_IDLE))
        .max_lifetime(None)
        .test_on_check_out(true)
        // Whoever wants one hears why there is none, and logs it.
        .error_handler(Box::new(r2d2::NopErrorHandler))
        .connection_timeout(POSTGRES_CONNECT_TIMEOUT)
        .build_unchecked(Manager::new(url.clone(), guard))
}
