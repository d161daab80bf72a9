//! Where the data is stored, and the secret that signs tokens.

use std::{os::unix::fs::DirBuilderExt, path::PathBuf, time::Duration};

use clap::Args;

use super::{ConfigError, parse_duration, set};
use crate::{
    auth::{Secret, SecretError},
    db::{DatabaseUrl, PostgresUrl},
};
use parlor_domain::limits::REPLICA_LAG;

/// Where the data is if nothing else is said.
pub(super) const DATA_DIR: &str = "./data";

/// Where the data is stored.
#[derive(Args, Debug)]
pub struct StoreArgs {
    /// Directory for the database and the signing secret
    #[arg(long, env = "PARLOR_DATA_DIR", default_value = DATA_DIR)]
    pub data_dir: PathBuf,
    /// Database: `sqlite:<file>`, or `postgres://user:password@host:port/database`
    /// with the parameters of libpq, such as `?sslmode=verify-full` for TLS
    /// (docs/OPERATIONS.md, "PostgreSQL over TLS"); by default the file `parlor.db`
    /// in the data directory, such as `sqlite:./data/parlor.db`
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// Number of concurrent write transactions on PostgreSQL, 1 to 64; SQLite has
    /// one
    #[arg(long, env = "PARLOR_DATABASE_LANES", default_value = "4", value_parser = clap::value_parser!(u8).range(1..=64))]
    pub database_lanes: u8,
    /// Streaming standby of the PostgreSQL in DATABASE_URL, which history, search
    /// and exports are then read from (docs/OPERATIONS.md, "Reading from a
    /// replica"); of several hosts the first that is a standby; such as
    /// `postgres://user:password@standby:5432/database`
    #[arg(long, env = "PARLOR_REPLICA_URL", hide_env_values = true)]
    pub replica_url: Option<String>,
    /// How far behind the replica may be, 2s to 10m; beyond that everything is read
    /// from the primary
    #[arg(long, env = "PARLOR_REPLICA_LAG", default_value = "10s", value_parser = parse_duration)]
    pub replica_lag: Duration,
    /// Secret for signing tokens, at least 32 bytes; by default, generated on the
    /// first start and kept in `jwt.secret` in the data directory, with mode 0600
    #[arg(long, env = "JWT_SECRET", hide_env_values = true)]
    pub jwt_secret: Option<String>,
}

/// Where the data is.
#[derive(Debug)]
pub struct StoreConfig {
    pub data_dir: PathBuf,
    pub database: DatabaseUrl,
    /// Transactions that run at once on PostgreSQL.
    pub lanes: usize,
    /// `None`: everything is read from the database itself.
    pub replica: Option<ReplicaConfig>,
}

/// A replica that some of it is read from.
#[derive(Debug)]
pub struct ReplicaConfig {
    pub url: PostgresUrl,
    /// How far behind it may be.
    pub lag_max: Duration,
}

impl ReplicaConfig {
    fn new(url: &str, lag_max: Duration, of: &DatabaseUrl) -> Result<Self, ConfigError> {
        if of.file().is_some() {
            let why = "it requires a PostgreSQL in DATABASE_URL: SQLite has no replicas";
            return Err(ConfigError::value("replica-url", why));
        }
        let url: PostgresUrl = match url.parse() {
            Ok(DatabaseUrl::Postgres(url)) => url,
            Ok(DatabaseUrl::Sqlite(_)) => {
                let why = "it must be postgres://user:password@host/database";
                return Err(ConfigError::value("replica-url", why));
            }
            Err(why) => return Err(ConfigError::value("replica-url", why)),
        };
        if !REPLICA_LAG.contains(&lag_max) {
            let (least, most) = (REPLICA_LAG.start().as_secs(), REPLICA_LAG.end().as_secs());
            let why = format!("it must be from {least}s to {}m", most / 60);
            return Err(ConfigError::value("replica-lag", why));
        }
        Ok(Self { url: url.of_standby(), lag_max })
    }
}

impl StoreConfig {
    /// Resolves where the data is, makes the directory, and finds the secret.
    pub fn with_secret(mut args: StoreArgs) -> Result<(Self, Secret), ConfigError> {
        let chosen = args.jwt_secret.take();
        let store = Self::new(args)?;
        let secret = find_secret(chosen, || Secret::load_or_make(&store.data_dir))?;
        Ok((store, secret))
    }

    /// The secret of a server that has been started, or that is configured.
    /// Making one here would sign tokens that no server takes.
    pub fn existing_secret(args: StoreArgs) -> Result<Secret, ConfigError> {
        let StoreArgs { data_dir, jwt_secret, .. } = args;
        find_secret(jwt_secret, || Secret::load(&data_dir))
    }

    /// The same of a server that may never have been started: nothing is made. Where
    /// there is no secret yet, it is one that nobody has.
    pub(super) fn looked_at(mut args: StoreArgs) -> Result<(Self, Secret), ConfigError> {
        let chosen = args.jwt_secret.take();
        let store = Self::read(args)?;
        let secret = find_secret(chosen, || match Secret::load(&store.data_dir) {
            Err(SecretError::NotThere { .. }) => Ok(Secret::of_nobody()),
            loaded => loaded,
        })?;
        Ok((store, secret))
    }

    /// Resolves where the data is, and makes the directory.
    pub fn new(args: StoreArgs) -> Result<Self, ConfigError> {
        let store = Self::read(args)?;
        let data_dir = &store.data_dir;
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(data_dir);
        made.map_err(|error| {
            let data_dir = data_dir.display();
            ConfigError::Environment(format!(
                "cannot create the data directory {data_dir}: {error}"
            ))
        })?;
        Ok(store)
    }

    fn read(args: StoreArgs) -> Result<Self, ConfigError> {
        let StoreArgs {
            data_dir,
            database_url,
            database_lanes,
            replica_url,
            replica_lag,
            jwt_secret: _,
        } = args;
        let database = match set(database_url) {
            None => DatabaseUrl::Sqlite(data_dir.join("parlor.db")),
            Some(url) => url.parse().map_err(|why| ConfigError::value("database-url", why))?,
        };
        let replica = set(replica_url).map(|url| ReplicaConfig::new(&url, replica_lag, &database));
        let replica = replica.transpose()?;
        Ok(Self { data_dir, database, lanes: database_lanes.into(), replica })
    }
}

fn find_secret(
    chosen: Option<String>,
    otherwise: impl FnOnce() -> Result<Secret, SecretError>,
) -> Result<Secret, ConfigError> {
    let secret = set(chosen).map_or_else(otherwise, |secret| Secret::new(&secret));
    secret.map_err(|error| match error {
        SecretError::TooShort => ConfigError::value("jwt-secret", error),
        other => ConfigError::Environment(other.to_string()),
    })
}

/// One end of a copy; `option` is what it is called.
pub fn copy_url(option: &str, url: &str) -> Result<DatabaseUrl, ConfigError> {
    url.parse().map_err(|why| ConfigError::Value(format!("{option}: {why}")))
}
