//! The validated settings of the deployment: a struct per concern.

use std::{num::NonZeroU32, path::PathBuf, sync::Arc, time::Duration};

use crate::{
    attachments::{self, AllowedTypes},
    auth::{Issuer, IssuerConfig, KeySource, Secret, SecretError, TrustedProxies, parse_origin},
    cli::{
        AttachmentArgs, BindAddress, IdentityArgs, LimitArgs, NodeArgs, RateArgs, ServeArgs,
        StoreArgs, Switch, WebhookArgs,
    },
    db::DatabaseUrl,
    db::OutboxTargets,
    limiter::{Rates, per_minute, per_minute_with_burst, per_second},
    nodes::RedisUrl,
    session::HeartbeatConfig,
    transport::{Certificate, Timeouts},
    webhooks::{KINDS, Secrets, WebhookConfig},
};
use parlor_domain::{
    Adopted, Contact, FileQuota, Retention,
    limits::{HTTP_IDLE, Limits, WEBHOOK_URLS, command_bytes, event_bytes},
};

/// Everything `parlor serve` needs to know.
#[derive(Debug)]
pub struct Config {
    pub bind: BindAddress,
    pub workers: usize,
    pub store: StoreConfig,
    pub secret: Secret,
    /// The previous secret; its tokens are still accepted.
    pub previous_secret: Option<Secret>,
    pub allowed_origins: Vec<String>,
    pub certificate: Option<Certificate>,
    /// Size from which a message may be compressed; `None`: never.
    pub compress_from: Option<usize>,
    pub heartbeat: HeartbeatConfig,
    pub tokens: TokenConfig,
    /// Whether people can register and log in here.
    pub accounts: bool,
    /// An external issuer whose tokens are accepted too.
    pub issuer: Option<Issuer>,
    /// Origins whose users may move to the application or the issuer.
    pub adopted: Adopted,
    /// Time limits for HTTP clients.
    pub http: Timeouts,
    pub auth_timeout: Duration,
    pub drain_timeout: Duration,
    pub nodes: NodeConfig,
    pub presence_grace: Duration,
    /// Who may add whom to a room.
    pub contact: Contact,
    pub inbox_ttl: Duration,
    /// The default retention, for rooms without a rule of their own.
    pub retention: Retention,
    /// How often expired messages and empty rooms are looked for.
    pub retention_tick: Duration,
    /// How long an open room is kept after everyone has left.
    pub empty_room_ttl: Duration,
    pub attachments: AttachmentConfig,
    /// `None`: no webhooks are sent.
    pub webhooks: Option<WebhookConfig>,
    /// Whether messages can be searched.
    pub search: bool,
    /// The token that `GET /metrics` requires; `None`: only this machine may
    /// ask.
    pub metrics_token: Option<Arc<str>>,
    pub rates: Rates,
    pub proxies: TrustedProxies,
    pub limits: Arc<Limits>,
}

/// Several nodes on one database, and how a node shuts down.
#[derive(Debug)]
pub struct NodeConfig {
    pub redis: Option<RedisUrl>,
    pub redis_prefix: String,
    pub feed_interval: Duration,
    /// The stream whose events are published.
    pub service_stream: Option<String>,
    pub goaway_spread: Duration,
    pub drain_delay: Duration,
}

fn check_nodes(args: NodeArgs, store: &StoreConfig) -> Result<NodeConfig, ConfigError> {
    let NodeArgs {
        redis_url,
        redis_prefix,
        feed_interval,
        service_stream,
        goaway_spread,
        drain_delay,
    } = args;
    let named = |error| ConfigError::Value(format!("--redis-url (REDIS_URL): {error}"));
    let redis = redis_url.filter(|url| !url.is_empty());
    let redis = redis.map(|url| url.parse().map_err(named)).transpose()?;
    if redis.is_some() && store.database.file().is_some() {
        log::warn!("ignoring REDIS_URL: SQLite supports only a single node, which needs no Redis");
    }
    let redis = redis.filter(|_| store.database.file().is_none());
    let service_stream = service_stream.filter(|stream| !stream.is_empty());
    if service_stream.is_some() && redis.is_none() {
        return Err(ConfigError::Value(
            "--service-stream (PARLOR_SERVICE_STREAM) requires REDIS_URL and PostgreSQL".to_owned(),
        ));
    }
    let drain_delay = drain_delay.unwrap_or_default();
    Ok(NodeConfig {
        redis,
        redis_prefix,
        feed_interval,
        service_stream,
        goaway_spread,
        drain_delay,
    })
}

/// Where the data is.
#[derive(Debug)]
pub struct StoreConfig {
    pub data_dir: PathBuf,
    pub database: DatabaseUrl,
    /// Transactions that run at once on PostgreSQL.
    pub lanes: usize,
}

/// Lifetimes of the tokens of built-in accounts.
#[derive(Clone, Copy, Debug)]
pub struct TokenConfig {
    pub access_ttl: Duration,
    pub refresh_ttl: Duration,
    /// How long a connection goes on whose token has expired.
    pub grace: Duration,
    /// How far the clock of who makes tokens may be off.
    pub leeway: Duration,
}

/// Where attachments go, and which there may be.
#[derive(Debug)]
pub struct AttachmentConfig {
    pub store: attachments::StoreConfig,
    pub allowed: AllowedTypes,
    pub bytes_max: u64,
    pub quota: FileQuota,
}

/// Why the configuration cannot be used. Its text is one line for the
/// operator.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A value that is wrong in itself: exit code 2.
    #[error("{0}")]
    Value(String),
    /// Something outside is not as it must be: exit code 1.
    #[error("{0}")]
    Environment(String),
}

impl Config {
    pub fn new(args: ServeArgs) -> Result<Self, ConfigError> {
        let ServeArgs {
            store,
            bind,
            workers,
            allowed_origins,
            tls_cert,
            tls_key,
            compression,
            compression_min_bytes,
            heartbeat_interval,
            heartbeat_timeout,
            write_timeout,
            request_timeout,
            response_timeout,
            auth_timeout,
            drain_timeout,
            access_token_ttl,
            refresh_token_ttl,
            presence_grace,
            contact,
            inbox_ttl,
            retention_age,
            retention_tick,
            empty_room_ttl,
            retention_messages,
            nodes,
            identity,
            attachments,
            webhooks,
            search,
            metrics_token,
            rates,
            limits,
        } = args;
        if heartbeat_timeout <= heartbeat_interval {
            return Err(ConfigError::Value(
                "--heartbeat-timeout (PARLOR_HEARTBEAT_TIMEOUT) must be longer than \
                 --heartbeat-interval (PARLOR_HEARTBEAT_INTERVAL)"
                    .to_owned(),
            ));
        }
        let IdentityArgs { accounts, token_grace, token_leeway, .. } = identity;
        let previous_secret = check_previous(identity.jwt_secret_previous.as_deref())?;
        let adopted = check_adopted(&identity.adopt_users_of)?;
        let issuer = check_issuer(identity)?;
        let has_secret = store.jwt_secret.as_deref().is_some_and(|secret| !secret.is_empty());
        let accounts = has_accounts(accounts, has_secret || issuer.is_some());
        let (rates, proxies) = check_rates(&rates)?;
        let limits = check_limits(limits, file_limits(&attachments))?;
        let allowed_origins = check_origins(allowed_origins)?;
        let certificate = load_certificate(tls_cert, tls_key)?;
        let (store, secret) = StoreConfig::with_secret(store)?;
        let nodes = check_nodes(nodes, &store)?;
        let webhooks = check_webhooks(webhooks)?;
        let attachments = check_attachments(attachments, &store)?;
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            bind,
            workers: workers.unwrap_or_else(cores),
            store,
            secret,
            previous_secret,
            allowed_origins,
            certificate,
            compress_from: (compression == Switch::On).then_some(compression_min_bytes),
            heartbeat: HeartbeatConfig {
                interval: heartbeat_interval,
                timeout: heartbeat_timeout,
                write_timeout,
            },
            tokens: TokenConfig {
                access_ttl: access_token_ttl,
                refresh_ttl: refresh_token_ttl,
                grace: token_grace,
                leeway: token_leeway,
            },
            accounts,
            issuer,
            adopted,
            attachments,
            webhooks,
            search: search == Switch::On,
            metrics_token: metrics_token.filter(|token| !token.is_empty()).map(Arc::from),
            http: Timeouts {
                request: request_timeout,
                response: response_timeout,
                idle: HTTP_IDLE,
            },
            auth_timeout,
            drain_timeout,
            nodes,
            presence_grace,
            contact,
            inbox_ttl,
            retention_tick,
            empty_room_ttl,
            retention: Retention {
                age_ms: retention_age.map(|age| i64::try_from(age.as_millis()).unwrap_or(i64::MAX)),
                messages: retention_messages.map(|most| i64::try_from(most).unwrap_or(i64::MAX)),
            },
            rates,
            proxies,
            limits: Arc::new(limits),
        })
    }
}

fn check_limits(args: LimitArgs, files: Limits) -> Result<Limits, ConfigError> {
    let LimitArgs {
        frame_bytes,
        content_bytes,
        queued_frames,
        queued_bytes,
        connections_per_user,
        rooms_per_user,
        placed_rooms_per_user,
        replay_events,
        writes_in_flight,
        big_room_members,
        inbox_events,
        connections_per_address,
    } = args;
    // Those of files are checked with the rest about files.
    let Limits { attachment_bytes, attachment_bytes_per_day, attachment_bytes_per_user, .. } =
        files;
    let too_small = |name: &str, least: usize, why: &str| {
        Err(ConfigError::Value(format!("{name} must be at least {least}: {why}")))
    };
    let command = command_bytes(content_bytes);
    let frame_bytes = frame_bytes.unwrap_or(command);
    if frame_bytes < command {
        let why = format!("a message of PARLOR_CONTENT_BYTES={content_bytes} may need that much");
        return too_small("--frame-bytes (PARLOR_FRAME_BYTES)", command, &why);
    }
    let queue = (2 * frame_bytes).max(event_bytes(content_bytes));
    if queued_bytes < queue {
        let why = format!(
            "the largest event must fit, given PARLOR_FRAME_BYTES={frame_bytes} and \
             PARLOR_CONTENT_BYTES={content_bytes}"
        );
        return too_small("--queued-bytes (PARLOR_QUEUED_BYTES)", queue, &why);
    }
    Ok(Limits {
        frame_bytes,
        content_bytes,
        queued_frames,
        queued_bytes,
        connections_per_user,
        rooms_per_user,
        placed_rooms_per_user,
        replay_events,
        writes_in_flight,
        big_room_members,
        inbox_events,
        attachment_bytes,
        attachment_bytes_per_day,
        attachment_bytes_per_user,
        connections_per_address,
    })
}

fn file_limits(args: &AttachmentArgs) -> Limits {
    Limits {
        attachment_bytes: args.attachment_bytes,
        attachment_bytes_per_day: args.attachment_bytes_per_day,
        attachment_bytes_per_user: args.attachment_bytes_per_user,
        ..Limits::default()
    }
}

const ATTACHMENTS_URL: &str = "--attachments-url (PARLOR_ATTACHMENTS_URL) must look like \
                               s3://bucket/prefix; leave it out to keep files in the data \
                               directory";

fn check_attachments(
    args: AttachmentArgs,
    data: &StoreConfig,
) -> Result<AttachmentConfig, ConfigError> {
    let AttachmentArgs {
        attachments_url,
        s3_endpoint,
        s3_region,
        s3_access_key_id,
        s3_secret_access_key,
        attachment_bytes,
        attachment_bytes_per_day,
        attachment_bytes_per_user,
        attachment_types,
    } = args;
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let wrong = |what: &str| ConfigError::Value(what.to_owned());
    let keys = (s3_access_key_id, s3_secret_access_key);
    let (attachments_url, s3_endpoint) = (given(attachments_url), given(s3_endpoint));
    // First what is wrong with it, then what else it needs.
    if attachments_url.as_deref().is_some_and(|url| !url.starts_with("s3://")) {
        return Err(wrong(ATTACHMENTS_URL));
    }
    if attachments_url.is_some() && (keys.0.is_empty() || keys.1.is_empty()) {
        return Err(wrong(
            "--attachments-url (PARLOR_ATTACHMENTS_URL) needs PARLOR_S3_ACCESS_KEY_ID and \
             PARLOR_S3_SECRET_ACCESS_KEY",
        ));
    }
    let is_web = |url: &str| {
        reqwest::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
    };
    if s3_endpoint.as_deref().is_some_and(|endpoint| !is_web(endpoint)) {
        return Err(wrong(
            "--s3-endpoint (PARLOR_S3_ENDPOINT) must be an http or https URL, such as \
             http://127.0.0.1:9000",
        ));
    }
    let store = match attachments_url {
        None => attachments::StoreConfig::Local(data.data_dir.join("attachments")),
        Some(url) => attachments::StoreConfig::s3(&url, s3_endpoint, s3_region, keys)
            .ok_or_else(|| wrong(ATTACHMENTS_URL))?,
    };
    let per = |name: &str, bytes: u64| match bytes {
        0 => Ok(None),
        _ if bytes < attachment_bytes => Err(wrong(&format!(
            "{name} must be 0 or at least --attachment-bytes (PARLOR_ATTACHMENT_BYTES)"
        ))),
        _ => Ok(Some(i64::try_from(bytes).unwrap_or(i64::MAX))),
    };
    let quota = FileQuota {
        daily: per(
            "--attachment-bytes-per-day (PARLOR_ATTACHMENT_BYTES_PER_DAY)",
            attachment_bytes_per_day,
        )?,
        stored: per(
            "--attachment-bytes-per-user (PARLOR_ATTACHMENT_BYTES_PER_USER)",
            attachment_bytes_per_user,
        )?,
    };
    let allowed = AllowedTypes::new(&attachment_types);
    Ok(AttachmentConfig { store, allowed, bytes_max: attachment_bytes, quota })
}

fn check_webhooks(args: WebhookArgs) -> Result<Option<WebhookConfig>, ConfigError> {
    let WebhookArgs {
        webhook_urls,
        webhook_secret,
        webhook_events,
        webhook_timeout,
        webhook_attempts,
    } = args;
    let wrong = |what: String| Err(ConfigError::Value(what));
    let trimmed = |texts: Vec<String>| {
        let texts = texts.into_iter().map(|text| text.trim().to_owned());
        texts.filter(|text| !text.is_empty()).collect::<Vec<_>>()
    };
    let (urls, kinds) = (trimmed(webhook_urls), trimmed(webhook_events));
    if urls.is_empty() {
        return Ok(None);
    }
    let is_url = |url: &String| url.starts_with("http://") || url.starts_with("https://");
    if urls.len() > WEBHOOK_URLS || !urls.iter().all(is_url) {
        return wrong(format!(
            "--webhook-urls (PARLOR_WEBHOOK_URLS) must be at most {WEBHOOK_URLS} http or https URLs"
        ));
    }
    if let Some(kind) = kinds.iter().find(|kind| !KINDS.contains(&kind.as_str())) {
        return wrong(format!("--webhook-events (PARLOR_WEBHOOK_EVENTS): unknown event {kind:?}"));
    }
    let Some(secrets) = Secrets::new(&webhook_secret) else {
        return wrong(
            "--webhook-secret (PARLOR_WEBHOOK_SECRET) must be whsec_… or have at least 24 bytes"
                .to_owned(),
        );
    };
    let targets = OutboxTargets {
        urls: urls.into_iter().map(Into::into).collect(),
        kinds: kinds.into(),
        wake: Arc::default(),
    };
    let attempts = i64::try_from(webhook_attempts).unwrap_or(i64::MAX);
    Ok(Some(WebhookConfig { targets, secrets, timeout: webhook_timeout, attempts }))
}

/// Where the application says who its users are, nobody makes one of them by
/// registering, unless it is wanted.
fn has_accounts(chosen: Option<Switch>, has_users: bool) -> bool {
    chosen.map_or(!has_users, |chosen| chosen == Switch::On)
}

fn check_previous(secret: Option<&str>) -> Result<Option<Secret>, ConfigError> {
    let secret = secret.filter(|secret| !secret.is_empty()).map(Secret::new).transpose();
    secret.map_err(|error| {
        ConfigError::Value(format!("--jwt-secret-previous (JWT_SECRET_PREVIOUS): {error}"))
    })
}

fn check_adopted(origins: &[String]) -> Result<Adopted, ConfigError> {
    Adopted::parse(origins).map_err(|text| {
        ConfigError::Value(format!(
            "--adopt-users-of (PARLOR_ADOPT_USERS_OF): {text:?} must be account, application, \
             issuer or issuer:<iss>"
        ))
    })
}

fn check_issuer(args: IdentityArgs) -> Result<Option<Issuer>, ConfigError> {
    let IdentityArgs { issuer_keys, issuer_jwks_url, issuer, audience, token_leeway, .. } = args;
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let keys = match (issuer_keys, given(issuer_jwks_url)) {
        (None, None) => return Ok(None),
        (Some(path), _) => KeySource::File(path),
        (None, Some(url)) if url.starts_with("http://") || url.starts_with("https://") => {
            KeySource::Url(url)
        }
        (None, Some(_)) => {
            let what = "--issuer-jwks-url (PARLOR_ISSUER_JWKS_URL) must be an http or https URL";
            return Err(ConfigError::Value(what.to_owned()));
        }
    };
    let (issuer, audience, leeway) = (given(issuer), given(audience), token_leeway);
    let config = IssuerConfig { keys, issuer, audience, leeway };
    Issuer::new(config).map(Some).map_err(|error| {
        ConfigError::Environment(format!("--issuer-keys (PARLOR_ISSUER_KEYS): {error}"))
    })
}

fn check_rates(args: &RateArgs) -> Result<(Rates, TrustedProxies), ConfigError> {
    let RateArgs {
        commands_per_second,
        command_burst,
        user_commands_per_second,
        user_command_burst,
        logins_per_minute,
        refreshes_per_minute,
        connects_per_minute,
        connect_burst,
        address_connects_per_minute,
        errors_before_close,
        trusted_proxies,
    } = args;
    let rates = Rates {
        connection: per_second(*commands_per_second, *command_burst),
        user: per_second(*user_commands_per_second, *user_command_burst),
        logins: per_minute(*logins_per_minute),
        refreshes: per_minute(*refreshes_per_minute),
        connects: per_minute_with_burst(*connects_per_minute, *connect_burst),
        connects_from: per_minute(*address_connects_per_minute),
        errors: NonZeroU32::new(*errors_before_close),
    };
    let proxies = TrustedProxies::parse(trusted_proxies).map_err(|text| {
        ConfigError::Value(format!(
            "--trusted-proxies (PARLOR_TRUSTED_PROXIES): {text:?} is neither an address nor a \
             network such as 10.0.0.0/8"
        ))
    })?;
    Ok((rates, proxies))
}

/// The origins as browsers send them; `*` stays as it is.
fn check_origins(origins: Vec<String>) -> Result<Vec<String>, ConfigError> {
    let origins = origins.iter().map(|origin| origin.trim()).filter(|origin| !origin.is_empty());
    let checked = origins.map(|origin| match origin {
        "*" => Ok(origin.to_owned()),
        _ => parse_origin(origin).ok_or_else(|| {
            ConfigError::Value(format!(
                "--allowed-origins (PARLOR_ALLOWED_ORIGINS): {origin:?} is not an origin such as \
                 https://app.example.org"
            ))
        }),
    });
    checked.collect()
}

fn load_certificate(
    chain: Option<PathBuf>,
    key: Option<PathBuf>,
) -> Result<Option<Certificate>, ConfigError> {
    match (chain, key) {
        (None, None) => Ok(None),
        (Some(chain), Some(key)) => Certificate::load(&chain, &key)
            .map(Some)
            .map_err(|error| ConfigError::Environment(error.to_string())),
        (Some(_), None) | (None, Some(_)) => Err(ConfigError::Value(
            "--tls-cert (PARLOR_TLS_CERT) and --tls-key (PARLOR_TLS_KEY) must be set together"
                .to_owned(),
        )),
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
    pub fn secret_that_is_there(args: StoreArgs) -> Result<Secret, ConfigError> {
        let StoreArgs { data_dir, jwt_secret, .. } = args;
        find_secret(jwt_secret, || Secret::load(&data_dir))
    }

    /// Resolves where the data is, and makes the directory.
    pub fn new(args: StoreArgs) -> Result<Self, ConfigError> {
        let StoreArgs { data_dir, database_url, database_lanes, jwt_secret: _ } = args;
        let database = match database_url.as_deref().filter(|url| !url.is_empty()) {
            None => DatabaseUrl::Sqlite(data_dir.join("parlor.db")),
            Some(url) => database_url_of(url)?,
        };
        make_private_dir(&data_dir)?;
        Ok(Self { data_dir, database, lanes: database_lanes.into() })
    }
}

fn find_secret(
    chosen: Option<String>,
    otherwise: impl FnOnce() -> Result<Secret, SecretError>,
) -> Result<Secret, ConfigError> {
    let secret = match chosen.filter(|secret| !secret.is_empty()) {
        Some(secret) => Secret::new(&secret),
        None => otherwise(),
    };
    secret.map_err(|error| match error {
        SecretError::TooShort => ConfigError::Value(format!("--jwt-secret (JWT_SECRET): {error}")),
        other => ConfigError::Environment(other.to_string()),
    })
}

fn database_url_of(url: &str) -> Result<DatabaseUrl, ConfigError> {
    let named = |cause| ConfigError::Value(format!("--database-url (DATABASE_URL): {cause}"));
    url.parse().map_err(named)
}

/// One end of a copy; `option` is what it is called.
pub fn copy_url(option: &str, url: &str) -> Result<DatabaseUrl, ConfigError> {
    url.parse().map_err(|cause| ConfigError::Value(format!("{option}: {cause}")))
}

fn make_private_dir(path: &std::path::Path) -> Result<(), ConfigError> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|error| {
        ConfigError::Environment(format!(
            "cannot create the data directory {}: {error}",
            path.display()
        ))
    })
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

    #[test]
    fn origins_are_a_list_of_good_ones() {
        let list = |text: &str| check_origins(text.split(',').map(str::to_owned).collect());
        assert_eq!(list(" https://A.example/ , *,").expect("good"), ["https://a.example", "*"]);
        assert!(list("https://a.example,b.example").is_err());
    }
}
