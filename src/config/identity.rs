//! Whose tokens are accepted, and for how long.

use std::{path::PathBuf, sync::Arc, time::Duration};

use clap::Args;

use super::{
    ConfigError, Switch,
    auth_service::{AuthServiceArgs, Expected},
    claims::ClaimArgs,
    parse_duration, set,
};
use crate::auth::{AuthService, ClaimNames, Issuer, IssuerConfig, KeySource, Secret};
use parlor_domain::Adopted;

#[derive(Args, Debug)]
#[command(next_help_heading = "Identity")]
pub struct IdentityArgs {
    /// Built-in accounts: whether people can register and log in; by default on,
    /// but off if JWT_SECRET, an issuer or an auth service is set
    #[arg(long, env = "PARLOR_ACCOUNTS", value_enum)]
    pub accounts: Option<Switch>,
    /// The previous JWT_SECRET; its tokens are still accepted while the secret is
    /// being rotated
    #[arg(long, env = "JWT_SECRET_PREVIOUS", hide_env_values = true)]
    pub jwt_secret_previous: Option<String>,
    /// Origins whose users may move to another origin, that of the next valid token
    /// with their id: account, application, issuer or `issuer:<iss>`, separated by
    /// commas, such as `application`
    #[arg(long, env = "PARLOR_ADOPT_USERS_OF", value_delimiter = ',')]
    pub adopt_users_of: Vec<String>,
    /// File with the public keys (PEM or JWKS) of an external issuer whose tokens
    /// are accepted too, such as `./issuer.pem`
    #[arg(long, env = "PARLOR_ISSUER_KEYS", conflicts_with = "issuer_jwks_url")]
    pub issuer_keys: Option<PathBuf>,
    /// URL where the issuer publishes its keys (JWKS), such as
    /// `https://id.example.org/.well-known/jwks.json`
    #[arg(long, env = "PARLOR_ISSUER_JWKS_URL", hide_env_values = true)]
    pub issuer_jwks_url: Option<String>,
    /// The `iss` that the issuer's tokens must have, such as
    /// `https://id.example.org`
    #[arg(long, env = "PARLOR_ISSUER")]
    pub issuer: Option<String>,
    /// The `aud` that the issuer's tokens must have, such as `chat`
    #[arg(long, env = "PARLOR_AUDIENCE")]
    pub audience: Option<String>,
    #[command(flatten)]
    pub service: AuthServiceArgs,
    #[command(flatten)]
    pub claims: ClaimArgs,
    #[command(flatten)]
    pub tokens: TokenConfig,
}

/// Lifetimes of tokens.
#[derive(Args, Clone, Copy, Debug)]
pub struct TokenConfig {
    /// Lifetime of access tokens of built-in accounts
    #[arg(long = "access-token-ttl", env = "PARLOR_ACCESS_TOKEN_TTL", default_value = "15m", value_parser = parse_duration)]
    pub access_ttl: Duration,
    /// Lifetime of their refresh tokens
    #[arg(long = "refresh-token-ttl", env = "PARLOR_REFRESH_TOKEN_TTL", default_value = "30d", value_parser = parse_duration)]
    pub refresh_ttl: Duration,
    /// Allowed difference between the server's clock and that of whoever issues
    /// tokens
    #[arg(long = "token-leeway", env = "PARLOR_TOKEN_LEEWAY", default_value = "30s", value_parser = parse_duration)]
    pub leeway: Duration,
    /// How long a connection stays open after its token has expired (token_expired,
    /// then 4401)
    #[arg(long = "token-grace", env = "PARLOR_TOKEN_GRACE", default_value = "30s", value_parser = parse_duration)]
    pub grace: Duration,
}

#[derive(Debug)]
pub struct IdentityConfig {
    /// The previous secret; its tokens are still accepted.
    pub previous_secret: Option<Secret>,
    /// Whether people can register and log in here.
    pub accounts: bool,
    /// An external issuer whose tokens are accepted too.
    pub issuer: Option<Issuer>,
    /// Who is asked about other tokens.
    pub service: Option<AuthService>,
    /// Origins whose users may move to the application or the issuer.
    pub adopted: Adopted,
    /// What the application, its issuer and its auth service call their claims.
    pub claims: Arc<ClaimNames>,
    pub tokens: TokenConfig,
}

impl IdentityConfig {
    /// `has_secret`: the application signs tokens of its own.
    pub fn new(args: IdentityArgs, has_secret: bool) -> Result<Self, ConfigError> {
        let adopted = Adopted::parse(&args.adopt_users_of).map_err(|text| {
            let why = "must be account, application, issuer or issuer:<iss>";
            ConfigError::value("adopt-users-of", format!("{text:?} {why}"))
        })?;
        let previous = set(args.jwt_secret_previous).map(|secret| Secret::new(&secret));
        let previous_secret = previous
            .transpose()
            .map_err(|error| ConfigError::value("jwt-secret-previous", error))?;
        let claims = Arc::new(args.claims.names()?);
        let tokens = args.tokens;
        let keys = keys(args.issuer_keys, set(args.issuer_jwks_url))?;
        let (issuer, audience, leeway) = (set(args.issuer), set(args.audience), tokens.leeway);
        let expected = Expected {
            issuer: issuer.clone(),
            audience: audience.clone(),
            claims: claims.clone(),
            leeway,
        };
        let service = args.service.service(expected)?;
        let issuer = keys.map(|keys| {
            let claims = claims.clone();
            Issuer::new(IssuerConfig { keys, issuer, audience, claims, leeway })
        });
        let issuer =
            issuer.transpose().map_err(|error| ConfigError::environment("issuer-keys", error))?;
        let accounts =
            has_accounts(args.accounts, has_secret || issuer.is_some() || service.is_some());
        Ok(Self { previous_secret, accounts, issuer, service, adopted, claims, tokens })
    }
}

fn keys(file: Option<PathBuf>, url: Option<String>) -> Result<Option<KeySource>, ConfigError> {
    match (file, url) {
        (Some(path), _) => Ok(Some(KeySource::File(path))),
        (None, Some(url)) if url.starts_with("http://") || url.starts_with("https://") => {
            Ok(Some(KeySource::Url(url)))
        }
        (None, Some(_)) => {
            Err(ConfigError::value("issuer-jwks-url", "it must be an http or https URL"))
        }
        (None, None) => Ok(None),
    }
}

/// Where the application says who its users are, nobody becomes one of them by
/// registering, unless that is wanted.
fn has_accounts(chosen: Option<Switch>, has_users: bool) -> bool {
    chosen.map_or(!has_users, |chosen| chosen == Switch::On)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_on_where_nobody_else_says_who_users_are() {
        for (chosen, has_users, on) in [
            (None, false, true),
            (None, true, false),
            (Some(Switch::On), true, true),
            (Some(Switch::Off), false, false),
        ] {
            assert_eq!(has_accounts(chosen, has_users), on, "{chosen:?} {has_users}");
        }
    }
}
