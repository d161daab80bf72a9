//! The settings of `parlor dev`: a server that keeps nothing, for this machine alone.

use std::path::{Path, PathBuf};

use super::{ConfigError, DATA_DIR, ServeArgs, Switch, set};
use crate::auth::Secret;

/// Options that it does not take: with them something would be kept after all, or
/// would be done to what is kept.
pub const NOT_IN_TRIAL: &[&str] = &[
    "data-dir",
    "database-url",
    "database-lanes",
    "replica-url",
    "replica-lag",
    "redis-url",
    "redis-ca",
    "redis-prefix",
    "feed-interval",
    "service-stream",
    "service-channel",
    "attachments-url",
    "s3-endpoint",
    "s3-region",
    "s3-access-key-id",
    "s3-secret-access-key",
    "tls-cert",
    "tls-key",
    "jwt-secret-previous",
];

/// Names of this machine for itself, which the page takes a link of.
const LOCAL: [&str; 3] = ["127.0.0.1", "localhost", "::1"];

impl ServeArgs {
    /// The settings of a run of which nothing is kept, with a secret of its own. Tokens
    /// that the application signs with `JWT_SECRET` are taken as well.
    pub fn for_trial(mut self, port: Option<u16>) -> Result<Self, ConfigError> {
        self.bind.port = port.unwrap_or(self.bind.port);
        if !self.bind.host.as_deref().is_some_and(|host| LOCAL.contains(&host)) {
            let why = format!(
                "parlor dev listens on this machine only, because its links sign anybody in: use \
                 127.0.0.1, localhost or [::1], not {}",
                self.bind
            );
            return Err(ConfigError::value("bind", why));
        }
        self.refuse_kept()?;
        if self.identity.accounts == Some(Switch::Off) {
            let why = "parlor dev needs the page, which is there with accounts only";
            return Err(ConfigError::value("accounts", why));
        }
        self.identity.accounts = Some(Switch::On);
        let secret = set(self.store.jwt_secret.take());
        if let Some(secret) = &secret {
            Secret::new(secret).map_err(|error| ConfigError::value("jwt-secret", error))?;
        }
        self.identity.jwt_secret_previous = secret;
        Ok(self)
    }

    fn refuse_kept(&self) -> Result<(), ConfigError> {
        let path = |path: &Option<PathBuf>| path.is_some();
        let text = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.is_empty());
        let given = [
            ("data-dir", self.store.data_dir != Path::new(DATA_DIR)),
            ("database-url", text(&self.store.database_url)),
            ("replica-url", text(&self.store.replica_url)),
            ("redis-url", text(&self.nodes.redis_url)),
            ("attachments-url", text(&self.attachments.attachments_url)),
            ("tls-cert", path(&self.connections.tls_cert)),
            ("tls-key", path(&self.connections.tls_key)),
            ("jwt-secret-previous", text(&self.identity.jwt_secret_previous)),
        ];
        let why = "parlor dev keeps nothing, speaks plain HTTP and makes a secret of its own: leave \
                   this setting out, or use parlor serve";
        match given.into_iter().find(|(_, is_given)| *is_given) {
            Some((option, _)) => Err(ConfigError::value(option, why)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args, Command, FromArgMatches};

    use super::*;

    fn args(given: &[&str]) -> ServeArgs {
        let command = ServeArgs::augment_args(Command::new("parlor")).mut_args(|arg| {
            // Whatever the environment of this test says.
            arg.env(clap::builder::Resettable::Reset)
        });
        let given = std::iter::once("parlor").chain(given.iter().copied());
        let matches = command.try_get_matches_from(given).expect("they are options");
        ServeArgs::from_arg_matches(&matches).expect("they fit")
    }

    fn refused(given: &[&str]) -> String {
        let refused = args(given).for_trial(None);
        let Err(ConfigError::Value(line)) = refused else { panic!("{given:?} is taken") };
        line
    }

    #[test]
    fn only_addresses_of_this_machine_are_taken() {
        for host in ["127.0.0.1", "localhost", "[::1]"] {
            let bind = format!("{host}:80");
            let taken = args(&["--bind", &bind]).for_trial(Some(9)).expect("it is taken");
            assert_eq!(taken.bind.to_string(), format!("{host}:9"));
        }
        for bind in [":8080", "0.0.0.0:8080", "[::]:8080", "192.0.2.1:80", "127.0.0.1.example:80"] {
            let line = refused(&["--bind", bind]);
            assert!(line.starts_with("--bind (PARLOR_BIND)") && line.contains(bind), "{line}");
        }
    }

    #[test]
    fn what_would_be_kept_is_refused_by_its_name() {
        for (option, value) in [
            ("--data-dir", "here"),
            ("--database-url", "postgres://localhost/parlor"),
            ("--database-url", "sqlite:x.db"),
            ("--replica-url", "postgres://localhost/parlor"),
            ("--redis-url", "redis://localhost"),
            ("--attachments-url", "s3://bucket"),
            ("--tls-cert", "chain.pem"),
            ("--tls-key", "key.pem"),
            ("--jwt-secret-previous", "0123456789012345678901234567890123456789"),
            ("--jwt-secret", "short"),
            ("--accounts", "off"),
        ] {
            assert!(refused(&[option, value]).starts_with(option), "{option}");
        }
        assert!(args(&[]).for_trial(None).is_ok());
    }

    #[test]
    fn tokens_of_the_application_are_taken_and_none_are_signed_with_its_secret() {
        let secret = "a secret of the application, long enough";
        let taken = args(&["--jwt-secret", secret]).for_trial(None).expect("it is taken");
        assert_eq!(taken.store.jwt_secret, None);
        assert_eq!(taken.identity.jwt_secret_previous.as_deref(), Some(secret));
    }
}
