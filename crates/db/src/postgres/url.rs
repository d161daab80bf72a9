//! Where a PostgreSQL is and how it is reached, as its URL says.

use std::{borrow::Cow, fmt, str::FromStr, time::Duration};

use percent_encoding::percent_decode_str;
use tokio_postgres::{
    Config,
    config::{Host, SslNegotiation},
};

use super::tls::{Mode, Roots, Tls};
use parlor_domain::limits::{POSTGRES_IDLE_IN_TRANSACTION, POSTGRES_STATEMENT_TIMEOUT};

/// Where a PostgreSQL is: `postgres://user:password@host:port,host:port/database`
/// with the parameters of libpq behind a `?`. Shown without its password.
#[derive(Clone)]
pub struct PostgresUrl {
    pub(super) config: Box<Config>,
    pub(super) tls: Tls,
    pub(super) takes: Takes,
}

/// Which of the servers that answer are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    Any,
    /// None that only reads.
    Writable,
    /// None but one that follows another one.
    Standby,
}

/// The errors name a parameter and never what it is, nor what was given
/// before the hosts: there may be a password in it.
impl FromStr for PostgresUrl {
    type Err = String;

    fn from_str(url: &str) -> Result<Self, String> {
        let (rest, ours) = Ours::taken_from(url)?;
        let config = Config::from_str(&rest).map_err(|error| full_cause(&error))?;
        let hosts = config.get_hosts().len();
        if hosts == 0 {
            return Err("it names no host".to_owned());
        }
        if !matches!(config.get_ports().len(), 0 | 1) && config.get_ports().len() != hosts {
            return Err("`port` names neither one port nor one for each host".to_owned());
        }
        if !config.get_hostaddrs().is_empty() && config.get_hostaddrs().len() != hosts {
            return Err("`hostaddr` does not name one address for each host".to_owned());
        }
        let has_at = |host: &Host| matches!(host, Host::Tcp(name) if name.contains('@'));
        if config.get_hosts().iter().any(has_at) {
            return Err(AT_SIGN.to_owned());
        }
        // Of several, all but one are standbys.
        let takes = match ours.must_write.unwrap_or(hosts > 1) {
            true => Takes::Writable,
            false => Takes::Any,
        };
        let tls = ours.tls(config.get_ssl_negotiation() == SslNegotiation::Direct)?;
        // What cannot be read is said now, and not by the first connection.
        tls.client_config()?;
        Ok(Self { config: Box::new(with_settings(config)), tls, takes })
    }
}

/// What every session is set to.
fn with_settings(mut config: Config) -> Config {
    let given = config.get_options().unwrap_or_default();
    let ms = |time: Duration| time.as_millis();
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
    config
}

/// Of a password nothing is repeated.
const AT_SIGN: &str = "an @ in the password or behind the ? has to be written %40";

/// The parameters that `tokio_postgres` does not know, or not as libpq has
/// them.
#[derive(Debug, Default, PartialEq, Eq)]
struct Ours {
    mode: Option<Mode>,
    root_cert: Option<String>,
    cert: Option<String>,
    key: Option<String>,
    must_write: Option<bool>,
}

impl Ours {
    /// Also gives the URL without them.
    fn taken_from(url: &str) -> Result<(String, Self), String> {
        // What is before the first @ is user and password, as tokio_postgres
        // reads it, whatever there is in them.
        let hosts = url.find('@').map_or(0, |at| at + 1);
        let Some(question) = url[hosts..].find('?').map(|at| hosts + at) else {
            return Ok((url.to_owned(), Self::default()));
        };
        let (mut rest, parameters) = (url[..question].to_owned(), &url[question + 1..]);
        if parameters.contains('@') {
            // It may be the end of a password, of which nothing is repeated.
            return Err(AT_SIGN.to_owned());
        }
        let (mut ours, mut separator) = (Self::default(), '?');
        for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
            if !ours.take(parameter)? {
                rest.push(separator);
                rest.push_str(parameter);
                separator = '&';
            }
        }
        Ok((rest, ours))
    }

    /// Whether it is one of these, or one that says nothing here.
    fn take(&mut self, parameter: &str) -> Result<bool, String> {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let decoded = |text| percent_decode_str(text).decode_utf8().map(Cow::into_owned);
        let no_text = |_| format!("`{name}` is no UTF-8");
        let value = decoded(value).map_err(no_text)?;
        match (decoded(name).map_err(no_text)?.as_str(), value.as_str()) {
            ("sslmode", mode) => self.mode = Some(mode.parse()?),
            // As JDBC says it, and libpq takes it.
            ("ssl", "true") => self.mode = self.mode.max(Some(Mode::Require)),
            ("sslrootcert", _) => self.root_cert = Some(value).filter(|path| !path.is_empty()),
            ("sslcert", _) => self.cert = Some(value).filter(|path| !path.is_empty()),
            ("sslkey", _) => self.key = Some(value).filter(|path| !path.is_empty()),
            ("target_session_attrs", "any") => self.must_write = Some(false),
            ("target_session_attrs", "read-write" | "primary") => self.must_write = Some(true),
            ("target_session_attrs", _) => {
                return Err("`target_session_attrs` must let parlor write: any, read-write or \
                            primary"
                    .to_owned());
            }
            ("gssencmode", "disable" | "prefer") | ("sslcompression", "0") | ("sslsni", "1") => {}
            ("load_balance_hosts", "disable") => {}
            ("load_balance_hosts", _) => {
                return Err("`load_balance_hosts` must be disable: the first host that answers \
                            is taken"
                    .to_owned());
            }
            ("pgbouncer", "true") => {
                return Err("`pgbouncer` names a pooler in transaction mode: name the server \
                            itself, or a pooler in session mode"
                    .to_owned());
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn tls(self, is_direct: bool) -> Result<Tls, String> {
        let Self { mode, root_cert, cert, key, must_write: _ } = self;
        let roots = root_cert.map(|path| match path.as_str() {
            "system" => Roots::System,
            _ => Roots::File(path.into()),
        });
        let identity = match (cert, key) {
            (Some(cert), Some(key)) => Some((cert.into(), key.into())),
            (None, None) => None,
            (Some(_), None) => return Err("`sslcert` needs `sslkey`".to_owned()),
            (None, Some(_)) => return Err("`sslkey` needs `sslcert`".to_owned()),
        };
        Tls::new(mode, roots, identity, is_direct)
    }
}

/// `tokio_postgres` says only "db error" by itself.
pub(super) fn full_cause(error: &tokio_postgres::Error) -> String {
    let causes = std::iter::successors(Some(error as &dyn std::error::Error), |e| e.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

impl fmt::Display for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "postgres://")?;
        for i in 0..self.config.get_hosts().len() {
            write!(f, "{}{}", if i > 0 { "," } else { "" }, self.host(i))?;
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
    /// One of its hosts, as it is shown.
    pub(super) fn host(&self, host: usize) -> String {
        match &self.config.get_hosts()[host] {
            Host::Tcp(name) => format!("{name}:{}", self.port(host)),
            #[cfg(unix)]
            Host::Unix(path) => path.display().to_string(),
        }
    }

    /// One port for all hosts, or one each.
    pub(super) fn port(&self, host: usize) -> u16 {
        let ports = self.config.get_ports();
        ports.get(host).or_else(|| ports.first()).copied().unwrap_or(5432)
    }

    /// The same for a replica: of its hosts one is taken that is a standby, and
    /// no other, whatever the URL says of those that write.
    pub fn of_standby(self) -> Self {
        Self { takes: Takes::Standby, ..self }
    }

    /// What the operator should know of how it is reached.
    pub(crate) fn caution(&self) -> Option<&'static str> {
        self.tls.caution()
    }
}

#[cfg(test)]
mod tests {
    use std::{fs::Permissions, os::unix::fs::PermissionsExt};

    use super::*;
    use crate::postgres::connect::establish;
    use parlor_domain::limits::POSTGRES_RESPONSE_TIMEOUT;

    fn read(url: &str) -> PostgresUrl {
        url.parse().unwrap_or_else(|why| panic!("{url}: {why}"))
    }

    fn refused(url: &PostgresUrl) -> String {
        let made = establish(url, POSTGRES_RESPONSE_TIMEOUT);
        made.err().expect("nobody is there")
    }

    fn refusal(url: &str) -> String {
        url.parse::<PostgresUrl>().expect_err(url)
    }

    #[test]
    fn a_url_is_shown_without_its_password() {
        let url = read("postgres://me:secret@db.example,other:6432/chat?sslmode=prefer");
        assert_eq!(format!("{url} {url:?}").matches("secret").count(), 0);
        assert_eq!(url.to_string(), "postgres://db.example:5432,other:6432/chat");
    }

    #[test]
    fn what_consoles_give_is_read() {
        let url = read(
            "postgresql://neon:p%40ss%2Fw%3Frd@ep-1.example.tech/db?sslmode=require\
             &channel_binding=require",
        );
        assert_eq!(url.config.get_password(), Some(&b"p@ss/w?rd"[..]));
        assert_eq!(
            url.config.get_channel_binding(),
            tokio_postgres::config::ChannelBinding::Require
        );
        let url = read("postgres://a:5432,b:6432,[::1]/db?target_session_attrs=read-write");
        assert_eq!([0, 1, 2].map(|host| url.port(host)), [5432, 6432, 5432]);
        assert_eq!([url.takes, read("postgres://a,b/db").takes], [Takes::Writable; 2]);
        assert_eq!(read("postgres://a/db").takes, Takes::Any);
        assert_eq!(read("postgres://a,b/db?target_session_attrs=any").takes, Takes::Any);
        assert_eq!(read("postgres://a,b/db").of_standby().takes, Takes::Standby);
        assert_eq!(read("postgres://u:p?w/d@host/db").config.get_password(), Some(&b"p?w/d"[..]));
        for parameters in [
            "ssl=true",
            "sslmode=verify-full",
            "sslmode=verify-full&sslrootcert=system",
            "sslrootcert=system",
            "sslmode=disable&sslrootcert=/nowhere",
            "gssencmode=disable&sslmode=allow&connect_timeout=10&application_name=chat",
            "",
        ] {
            read(&format!("postgres://u:p@host:5432/db?{parameters}"));
        }
    }

    #[test]
    fn an_address_may_be_given_beside_the_name_that_its_certificate_has() {
        let url = read("postgres://db.invalid:1/db?hostaddr=127.0.0.1&sslmode=verify-full");
        let why = refused(&url);
        assert!(why.starts_with("db.invalid:1: Connection refused"), "{why}");
    }

    #[test]
    fn ssl_true_asks_for_no_less_than_sslmode() {
        for parameters in [
            "sslmode=verify-full&ssl=true",
            "ssl=true&sslmode=verify-full",
            "%73slmode=verify-full",
        ] {
            let url = read(&format!("postgres://host/db?{parameters}"));
            assert!(url.caution().is_none(), "{parameters}: {:?}", url.tls);
        }
    }

    #[test]
    fn why_no_host_lets_one_in_is_said_with_its_name_and_without_a_password() {
        let url = read("postgres://me:secret@127.0.0.1:1,localhost:2/db");
        let why = refused(&url);
        assert!(why.contains("127.0.0.1:1: ") && why.contains("; localhost:2: "), "{why}");
        assert!(!why.contains("secret"), "{why}");
    }

    /// As libpq does.
    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let dir = tempfile::tempdir().expect("a directory");
        let key = dir.path().join("key.pem");
        std::fs::write(&key, "").expect("written");
        let pem = dir.path().join("cert.pem");
        std::fs::write(&pem, CERTIFICATE).expect("written");
        let url = format!(
            "postgres://host/db?sslmode=require&sslcert={}&sslkey={}",
            pem.display(),
            key.display()
        );
        for (mode, is_refused) in [(0o644, true), (0o660, true), (0o604, true), (0o600, false)] {
            std::fs::set_permissions(&key, Permissions::from_mode(mode)).expect("set");
            let why = refusal(&url);
            assert_eq!(why.contains("0600"), is_refused, "{mode:o}: {why}");
        }
    }

    const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";

    #[test]
    fn what_is_wrong_is_said_by_its_name_and_without_a_password() {
        for (parameters, expected) in [
            ("sslmode=full", "`sslmode` must be"),
            ("sslmode=verify-ca", "`sslrootcert`"),
            ("sslmode=require&sslrootcert=system", "verify-full"),
            ("sslmode=require&sslrootcert=/no/ca.pem", "`sslrootcert`: cannot read /no/ca.pem"),
            ("sslrootcert=/nowhere/ca.pem", "`sslrootcert` needs `sslmode`"),
            ("sslnegotiation=direct", "`sslnegotiation`=direct needs `sslmode`"),
            ("sslcert=/x", "`sslkey`"),
            ("sslkey=/x", "`sslcert`"),
            ("sslcert=/nowhere/c.pem&sslkey=/x", "`sslcert`: cannot read /nowhere/c.pem"),
            ("target_session_attrs=standby", "`target_session_attrs`"),
            ("channel_binding=maybe", "channel_binding"),
            ("port=1,2,3", "`port`"),
            ("port=x", "port"),
            ("sslcrl=/x", "sslcrl"),
            ("pgbouncer=true", "transaction mode"),
            ("load_balance_hosts=random", "`load_balance_hosts` must be disable"),
            ("hostaddr=127.0.0.1,127.0.0.2", "`hostaddr`"),
            ("%73slmode=verify-ca", "`sslrootcert`"),
            ("%ff=1", "UTF-8"),
        ] {
            let why = refusal(&format!("postgres://me:secret@host/db?{parameters}"));
            assert!(why.contains(expected), "{parameters}: {why}");
            assert!(!why.contains("secret"), "{why}");
        }
        for url in [
            "postgres:///chat",
            "postgres://x:y/z",
            "postgres://me:se@cr?et=1@host/db",
            "postgres://me:pa@ret@host/db",
        ] {
            let why = refusal(url);
            assert!(!why.contains("et"), "{why}");
        }
    }
}
