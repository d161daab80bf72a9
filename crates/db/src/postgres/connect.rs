//! How a connection to PostgreSQL is made.

use std::{fmt, str::FromStr, sync::LazyLock};

use diesel::{ConnectionError, ConnectionResult};
use diesel_async::{
    AsyncPgConnection, async_connection_wrapper::BlockOn, pooled_connection::PoolableConnection,
};
use tokio::{net::TcpStream, time::timeout};
use tokio_postgres::{
    Config,
    config::{Host, SslMode},
    tls::{MakeTlsConnect, NoTls, TlsConnect},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{Conn, guard::Guard, stalled::Stalled};
use parlor_domain::limits::{
    POSTGRES_CONNECT_TIMEOUT, POSTGRES_IDLE_IN_TRANSACTION, POSTGRES_PATIENCE,
    POSTGRES_STATEMENT_TIMEOUT,
};

/// Where a PostgreSQL is: `postgres://user:password@host:port/database`, with
/// `sslmode=require` for TLS. Shown without its password.
#[derive(Clone)]
pub struct PostgresUrl {
    config: Box<Config>,
}

impl FromStr for PostgresUrl {
    type Err = String;

    fn from_str(url: &str) -> Result<Self, String> {
        let mut config = Config::from_str(url).map_err(|error| error.to_string())?;
        if config.get_hosts().is_empty() {
            return Err("it names no host".to_owned());
        }
        let given = config.get_options().unwrap_or_default();
        let ms = |time: std::time::Duration| time.as_millis();
        config.options(format!(
            "{given} -c statement_timeout={} -c lock_timeout={} \
             -c idle_in_transaction_session_timeout={} -c synchronous_commit=on \
             -c timezone=UTC -c client_min_messages=warning",
            ms(POSTGRES_STATEMENT_TIMEOUT),
            ms(POSTGRES_STATEMENT_TIMEOUT),
            ms(POSTGRES_IDLE_IN_TRANSACTION),
        ));
        if config.get_application_name().is_none() {
            config.application_name("parlor");
        }
        Ok(Self { config: Box::new(config) })
    }
}

impl fmt::Display for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "postgres://")?;
        for (i, host) in self.config.get_hosts().iter().enumerate() {
            let comma = if i > 0 { "," } else { "" };
            match host {
                Host::Tcp(host) => write!(f, "{comma}{host}:{}", self.port(i))?,
                #[cfg(unix)]
                Host::Unix(path) => write!(f, "{comma}{}", path.display())?,
            }
        }
        write!(f, "/{}", self.config.get_dbname().unwrap_or_default())
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl PostgresUrl {
    /// One port for all hosts, or one each.
    fn port(&self, host: usize) -> u16 {
        let ports = self.config.get_ports();
        ports.get(host).or_else(|| ports.first()).copied().unwrap_or(5432)
    }
}

/// The runtime under all blocking connections: one thread that moves bytes.
pub struct Shared;

static RUNTIME: LazyLock<tokio::runtime::Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("postgres")
        .enable_all()
        .build()
        .expect("a thread can be started")
});

impl BlockOn for Shared {
    fn block_on<F: Future>(&self, future: F) -> F::Output {
        RUNTIME.block_on(future)
    }

    fn get_runtime() -> Self {
        Self
    }
}

/// Makes one connection: to the first host that can be reached.
///
/// # Errors
/// The last host's reason.
pub(crate) async fn connect(url: &PostgresUrl) -> ConnectionResult<AsyncPgConnection> {
    let mut last = "it names no host".to_owned();
    for (i, host) in url.config.get_hosts().iter().enumerate() {
        match timeout(POSTGRES_CONNECT_TIMEOUT, to_host(url, host, url.port(i))).await {
            Ok(Ok(conn)) => return Ok(conn),
            Ok(Err(cause)) => last = cause,
            Err(_) => last = format!("no answer within {POSTGRES_CONNECT_TIMEOUT:?}"),
        }
    }
    Err(ConnectionError::BadConnection(last))
}

async fn to_host(url: &PostgresUrl, host: &Host, port: u16) -> Result<AsyncPgConnection, String> {
    let Host::Tcp(name) = host else {
        return Err("only TCP is supported: name the host".to_owned());
    };
    let stream = TcpStream::connect((name.as_str(), port)).await.map_err(|e| e.to_string())?;
    stream.set_nodelay(true).map_err(|error| error.to_string())?;
    let stream = Stalled::new(stream, POSTGRES_PATIENCE);
    match url.config.get_ssl_mode() {
        SslMode::Require => {
            let mut tls = MakeRustlsConnect::new(tls_config()?);
            let tls = MakeTlsConnect::<Stalled>::make_tls_connect(&mut tls, name);
            start(&url.config, stream, tls.map_err(|error| error.to_string())?).await
        }
        _ => start(&url.config, stream, NoTls).await,
    }
}

async fn start<T>(config: &Config, stream: Stalled, tls: T) -> Result<AsyncPgConnection, String>
where
    T: TlsConnect<Stalled>,
    T::Stream: Send + 'static,
{
    let (client, connection) =
        config.connect_raw(stream, tls).await.map_err(|error| full_cause(&error))?;
    tokio::spawn(async move {
        // Whoever uses the connection meets with the error, and logs it.
        if let Err(error) = connection.await {
            log::debug!("a connection to the database ended: {error}");
        }
    });
    AsyncPgConnection::try_from(client).await.map_err(|error| error.to_string())
}

/// `tokio_postgres` says only "db error" by itself.
fn full_cause(error: &tokio_postgres::Error) -> String {
    let causes = std::iter::successors(Some(error as &dyn std::error::Error), |e| e.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// Certificates are checked against those the system trusts; `SSL_CERT_FILE`
/// names others.
fn tls_config() -> Result<rustls::ClientConfig, String> {
    let mut roots = rustls::RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    let (added, _) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        return Err("the system has no certificates to trust".to_owned());
    }
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

/// The same, if the database is in the life that is guarded.
pub(crate) async fn connect_guarded(
    url: &PostgresUrl,
    guard: &Guard,
) -> ConnectionResult<AsyncPgConnection> {
    let mut conn = connect(url).await?;
    guard.check(&mut conn).await?;
    Ok(conn)
}

/// Makes the blocking connections of the pool.
#[derive(Debug)]
pub(crate) struct Manager {
    url: PostgresUrl,
    /// `None` before it is known which life the database is in.
    guard: Option<Guard>,
}

impl Manager {
    pub fn new(url: PostgresUrl) -> Self {
        Self { url, guard: None }
    }

    pub fn guarded(url: PostgresUrl, guard: Guard) -> Self {
        Self { url, guard: Some(guard) }
    }
}

impl r2d2::ManageConnection for Manager {
    type Connection = Conn;
    type Error = ConnectionError;

    fn connect(&self) -> Result<Conn, ConnectionError> {
        let connecting = async {
            match &self.guard {
                Some(guard) => connect_guarded(&self.url, guard).await,
                None => connect(&self.url).await,
            }
        };
        Shared.block_on(connecting).map(Conn::from)
    }

    /// Not asked: the next write says whether a connection is good.
    fn is_valid(&self, _: &mut Conn) -> Result<(), ConnectionError> {
        Ok(())
    }

    fn has_broken(&self, conn: &mut Conn) -> bool {
        std::thread::panicking() || PoolableConnection::is_broken(&mut **conn)
    }
}

/// The connections that write: one a lane.
pub(crate) type WriterPool = r2d2::Pool<Manager>;

pub(crate) fn establish(url: &PostgresUrl) -> Result<Conn, String> {
    r2d2::ManageConnection::connect(&Manager::new(url.clone())).map_err(|error| match error {
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
        .idle_timeout(None)
        .max_lifetime(None)
        .test_on_check_out(false)
        .connection_timeout(POSTGRES_CONNECT_TIMEOUT)
        .build_unchecked(Manager::guarded(url.clone(), guard))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_shown_without_its_password() {
        let url: PostgresUrl =
            "postgres://me:secret@db.example,other:6432/chat".parse().expect("good");
        assert_eq!(format!("{url} {url:?}").matches("secret").count(), 0);
        assert_eq!(url.to_string(), "postgres://db.example:5432,other:6432/chat");
        assert!("postgres:///chat".parse::<PostgresUrl>().is_err());
        assert!("postgres://x:y/z".parse::<PostgresUrl>().is_err());
    }
}
