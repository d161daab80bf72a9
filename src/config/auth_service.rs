//! The application's own auth service.

use std::{sync::Arc, time::Duration};

use clap::{Args, ValueEnum};

use super::{ConfigError, parse_duration, set};
use crate::auth::{
    AuthService, AuthServiceConfig, ClaimNames, ClientCredentials, Form, service_url,
};
use parlor_domain::limits::{AUTH_CACHE_MAX, AUTH_TIMEOUT_MAX};

#[derive(Args, Debug)]
pub struct AuthServiceArgs {
    /// URL of the application's auth service, which is asked about each token that
    /// no key here fits (docs/OPERATIONS.md, "An auth service"), such as
    /// `https://app.example.org/api/me`
    #[arg(long, env = "AUTH_SERVICE_URL", hide_env_values = true)]
    pub auth_service_url: Option<String>,
    /// How it is asked: bearer (GET, with the token in Authorization) or
    /// introspection (RFC 7662)
    #[arg(long, env = "PARLOR_AUTH_SERVICE_FORM", value_enum, default_value_t = FormArg::Bearer)]
    pub auth_service_form: FormArg,
    /// Time limit for its answer, 4s at most
    #[arg(long, env = "AUTH_TIMEOUT", default_value = "2s", value_parser = parse_duration)]
    pub auth_service_timeout: Duration,
    /// How long an answer is used again, 10m at most: for so long it does not count
    /// whom the service has logged out
    #[arg(long, env = "PARLOR_AUTH_SERVICE_CACHE", default_value = "30s", value_parser = parse_duration)]
    pub auth_service_cache: Duration,
    /// Lifetime of a connection whose token it gives no `exp`
    #[arg(long, env = "PARLOR_AUTH_SERVICE_SESSION", default_value = "1h", value_parser = parse_duration)]
    pub auth_service_session: Duration,
    /// Client id that an introspection endpoint knows this server by, such as `chat`
    #[arg(long, env = "PARLOR_AUTH_SERVICE_CLIENT_ID")]
    pub auth_service_client_id: Option<String>,
    /// Client secret for it
    #[arg(long, env = "PARLOR_AUTH_SERVICE_CLIENT_SECRET", hide_env_values = true)]
    pub auth_service_client_secret: Option<String>,
}

/// How the service is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FormArg {
    Bearer,
    Introspection,
}

/// What an introspected token must say, and what all answers are read by.
pub struct Expected {
    pub issuer: Option<String>,
    pub audience: Option<String>,
    pub claims: Arc<ClaimNames>,
    pub leeway: Duration,
}

impl AuthServiceArgs {
    /// `None`: there is none.
    pub fn service(self, expected: Expected) -> Result<Option<AuthService>, ConfigError> {
        let Some(url) = set(self.auth_service_url) else { return Ok(None) };
        let url = service_url(&url).map_err(|why| ConfigError::value("auth-service-url", why))?;
        for (option, value, most) in [
            ("auth-service-timeout", self.auth_service_timeout, AUTH_TIMEOUT_MAX),
            ("auth-service-cache", self.auth_service_cache, AUTH_CACHE_MAX),
        ] {
            if value > most {
                let why = format!("it must be at most {}s", most.as_secs());
                return Err(ConfigError::value(option, why));
            }
        }
        let (id, secret) = (set(self.auth_service_client_id), set(self.auth_service_client_secret));
        let client = match (id, secret) {
            (Some(id), Some(secret)) => Some(ClientCredentials::new(&id, &secret)),
            (None, None) => None,
            (Some(_), None) => {
                let why = "it requires PARLOR_AUTH_SERVICE_CLIENT_SECRET";
                return Err(ConfigError::value("auth-service-client-id", why));
            }
            (None, Some(_)) => {
                let why = "it requires PARLOR_AUTH_SERVICE_CLIENT_ID";
                return Err(ConfigError::value("auth-service-client-secret", why));
            }
        };
        let Expected { issuer, audience, claims, leeway } = expected;
        let form = match (self.auth_service_form, client) {
            (FormArg::Introspection, client) => Form::Introspection { client, issuer, audience },
            (FormArg::Bearer, None) => Form::Bearer,
            (FormArg::Bearer, Some(_)) => {
                let why = "it requires PARLOR_AUTH_SERVICE_FORM=introspection";
                return Err(ConfigError::value("auth-service-client-id", why));
            }
        };
        Ok(Some(AuthService::new(AuthServiceConfig {
            url,
            form,
            timeout: self.auth_service_timeout,
            cache: self.auth_service_cache,
            session: self.auth_service_session,
            claims,
            leeway,
        })))
    }
}
