//! The settings: a file per concern, with its options (`…Args`: each with its
//! default, and the sentence of `--help` and `.env.example`) and what is made of
//! them when they have been checked.

mod attachments;
mod auth_service;
mod callbacks;
mod claims;
mod connections;
mod identity;
mod limits;
mod nodes;
mod push;
mod rooms;
mod store;
mod telling;
mod traces;
mod trial;
mod values;
mod webhooks;

use std::{fmt::Display, sync::Arc, time::Duration};

use clap::{Arg, Args, Command};

pub use self::{
    attachments::{AttachmentArgs, AttachmentConfig},
    claims::ClaimArgs,
    limits::LimitArgs,
    nodes::ServiceConfig,
    store::{ReplicaConfig, StoreArgs, StoreConfig, copy_url},
    traces::{TraceConfig, TraceSampler},
    trial::NOT_IN_TRIAL,
    values::{BindAddress, Switch, parse_duration},
};
use self::{
    callbacks::CallbackArgs,
    connections::{ConnectionArgs, ConnectionConfig},
    identity::{IdentityArgs, IdentityConfig},
    limits::RateArgs,
    nodes::{NodeArgs, NodeConfig},
    push::PushArgs,
    rooms::RoomConfig,
    store::DATA_DIR,
    telling::TellArgs,
    traces::TraceArgs,
    values::parse_contact,
    webhooks::WebhookArgs,
};
use crate::{
    auth::{Secret, TrustedProxies},
    callbacks::CallbacksConfig,
    limiter::Rates,
    push::{PushConfig, TellConfig},
    webhooks::WebhookConfig,
};
use parlor_domain::limits::{Limits, positive};

/// The options of `parlor serve`.
#[derive(Args, Debug)]
pub struct ServeArgs {
    /// Address or host name, and port, to listen on: `127.0.0.1:8080`,
    /// `localhost:8080`, `[::1]:8080`, or `:8080` for all addresses; port 0 picks
    /// any free port
    #[arg(long, env = "PARLOR_BIND", default_value = "127.0.0.1:8080", value_parser = BindAddress::parse)]
    pub bind: BindAddress,
    #[command(flatten)]
    pub store: StoreArgs,
    /// Number of threads that serve connections; by default, one per core; such as
    /// `2`
    #[arg(long, env = "PARLOR_WORKERS", value_parser = positive)]
    pub workers: Option<usize>,
    /// Full-text search of messages (on SQLite the index is parlor.search.db next to
    /// the database; it can be deleted at any time)
    #[arg(long, env = "PARLOR_SEARCH", value_enum, default_value_t = Switch::On)]
    pub search: Switch,
    /// Token required for `GET /metrics`; without one, only requests from this
    /// machine are answered
    #[arg(long, env = "PARLOR_METRICS_TOKEN", hide_env_values = true)]
    pub metrics_token: Option<String>,
    /// Time limit for a graceful shutdown
    #[arg(long, env = "PARLOR_DRAIN_TIMEOUT", default_value = "10s", value_parser = parse_duration)]
    pub drain_timeout: Duration,
    #[command(flatten)]
    pub nodes: NodeArgs,
    #[command(flatten)]
    pub connections: ConnectionArgs,
    #[command(flatten)]
    pub identity: IdentityArgs,
    #[command(flatten)]
    pub rooms: RoomConfig,
    #[command(flatten)]
    pub attachments: AttachmentArgs,
    #[command(flatten)]
    pub webhooks: WebhookArgs,
    #[command(flatten)]
    pub push: PushArgs,
    #[command(flatten)]
    pub telling: TellArgs,
    #[command(flatten)]
    pub callbacks: CallbackArgs,
    #[command(flatten)]
    pub traces: TraceArgs,
    #[command(flatten)]
    pub rates: RateArgs,
    #[command(flatten)]
    pub limits: LimitArgs,
}

/// Everything `parlor serve` needs to know.
#[derive(Debug)]
pub struct Config {
    pub bind: BindAddress,
    pub workers: usize,
    pub store: StoreConfig,
    pub secret: Secret,
    /// Whether messages can be searched.
    pub search: bool,
    /// The token that `GET /metrics` requires; `None`: only this machine may
    /// ask.
    pub metrics_token: Option<Arc<str>>,
    pub drain_timeout: Duration,
    pub nodes: NodeConfig,
    pub connections: ConnectionConfig,
    pub identity: IdentityConfig,
    pub rooms: RoomConfig,
    pub attachments: AttachmentConfig,
    /// `None`: no webhooks are sent.
    pub webhooks: Option<WebhookConfig>,
    /// By whom devices are told.
    pub push: PushConfig,
    /// When and what they are told.
    pub telling: TellConfig,
    pub callbacks: CallbacksConfig,
    /// `None`: nothing is recorded.
    pub traces: Option<TraceConfig>,
    pub rates: Rates,
    pub proxies: TrustedProxies,
    pub limits: Arc<Limits>,
    /// The page takes links that sign in: `parlor dev`.
    pub takes_links: bool,
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

impl ConfigError {
    fn value(option: &str, why: impl Display) -> Self {
        Self::Value(format!("{}: {why}", in_full(option)))
    }

    fn environment(option: &str, why: impl Display) -> Self {
        Self::Environment(format!("{}: {why}", in_full(option)))
    }
}

/// An option of `parlor serve` as errors name it.
fn in_full(option: &str) -> String {
    with_variable(&ServeArgs::augment_args(Command::new("serve")), &format!("--{option}"))
}

/// `--bind` as `--bind (PARLOR_BIND)`: the value may have come from either.
pub fn with_variable(command: &Command, option: &str) -> String {
    let commands = std::iter::once(command).chain(command.get_subcommands());
    let mut args = commands.flat_map(Command::get_arguments);
    let arg = args.find(|arg| arg.get_long() == option.strip_prefix("--"));
    match arg.and_then(Arg::get_env) {
        Some(variable) => format!("{option} ({})", variable.to_string_lossy()),
        None => option.to_owned(),
    }
}

/// A variable that is set to nothing counts as not set.
fn set(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

impl Config {
    pub fn new(args: ServeArgs) -> Result<Self, ConfigError> {
        Self::on(args, StoreConfig::with_secret)
    }

    /// The same without making anything: of a server that may not have been started yet.
    pub fn looked_at(args: ServeArgs) -> Result<Self, ConfigError> {
        Self::on(args, StoreConfig::looked_at)
    }

    fn on(
        args: ServeArgs,
        store: impl FnOnce(StoreArgs) -> Result<(StoreConfig, Secret), ConfigError>,
    ) -> Result<Self, ConfigError> {
        let has_secret = args.store.jwt_secret.as_deref().is_some_and(|secret| !secret.is_empty());
        let connections = ConnectionConfig::new(args.connections)?;
        let identity = IdentityConfig::new(args.identity, has_secret)?;
        let proxies = args.rates.proxies()?;
        let limits = Arc::new(args.limits.check()?);
        let webhooks = webhooks::webhooks(args.webhooks)?;
        let push = args.push.check()?;
        let telling = args.telling.check()?;
        let callbacks = args.callbacks.check()?;
        let traces = args.traces.check()?;
        // Nothing is made before the rest is known to be right.
        let (store, secret) = store(args.store)?;
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            bind: args.bind,
            workers: args.workers.unwrap_or_else(cores),
            secret,
            search: args.search == Switch::On,
            metrics_token: set(args.metrics_token).map(Arc::from),
            drain_timeout: args.drain_timeout,
            nodes: NodeConfig::new(args.nodes, &store)?,
            connections,
            identity,
            rooms: args.rooms,
            attachments: AttachmentConfig::new(args.attachments, &store)?,
            webhooks,
            push,
            telling,
            callbacks,
            traces,
            rates: args.rates.rates(),
            proxies,
            limits,
            takes_links: false,
            store,
        })
    }
}
