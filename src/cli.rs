//! The command line. Every option is also an environment variable, and a
//! `.env` file in the working directory is read first.

#![expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]

mod copy;
mod env_file;
mod nodes;
mod read;
mod values;
mod variables;

use std::{path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum};

use self::values::{
    parse_bytes, parse_contact, parse_duration, parse_name, parse_positive, parse_token_ttl,
};
pub use self::{
    copy::CopyArgs,
    nodes::NodeArgs,
    values::BindAddress,
    variables::{LOG_FORMAT, unknown_variables},
};
use crate::auth::{ADMIN, SERVICE};
use parlor_domain::{
    Contact,
    limits::{COMPRESSION_MIN_BYTES, Limits},
};

/// The chat backend a product team drops into its own application.
#[derive(Parser, Debug)]
#[command(name = "parlor", version)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub serve: ServeArgs,
}

#[derive(Subcommand, Debug)]
pub enum Command {
    /// Run the server (the default)
    Serve(Box<ServeArgs>),
    /// Bring the database up to date, and stop
    Migrate(StoreArgs),
    /// Copy a whole deployment into another database
    Copy(CopyArgs),
    /// After a restore that cannot be noticed, such as a snapshot of the
    /// machine: have clients load everything anew
    NewEpoch(StoreArgs),
    /// Make an access token, and print it
    Token(TokenArgs),
}

/// Where the data is.
#[derive(Args, Debug)]
pub struct StoreArgs {
    /// Directory of the database and of the signing secret
    #[arg(long, env = "PARLOR_DATA_DIR", default_value = "./data")]
    pub data_dir: PathBuf,
    /// Database, `sqlite:<file>` or `postgres://user:password@host/database`;
    /// the file `parlor.db` in the data directory by default
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// Transactions that run at once on PostgreSQL; SQLite has one
    #[arg(long, env = "PARLOR_DATABASE_LANES", default_value = "4", value_parser = clap::value_parser!(u8).range(1..=64))]
    pub database_lanes: u8,
    /// Secret that tokens are signed with, at least 32 bytes; made on first
    /// start and kept in the data directory by default
    #[arg(long, env = "JWT_SECRET", hide_env_values = true)]
    pub jwt_secret: Option<String>,
}

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    On,
    Off,
}

#[derive(Args, Debug)]
pub struct ServeArgs {
    #[command(flatten)]
    pub store: StoreArgs,
    /// Address or name and port to listen on: `127.0.0.1:8080`,
    /// `localhost:8080`, `[::1]:8080`, or `:8080` for every address; port 0
    /// takes any free one
    #[arg(long, env = "PARLOR_BIND", default_value = "127.0.0.1:8080", value_parser = BindAddress::parse)]
    pub bind: BindAddress,
    /// Threads that serve connections; one a core by default
    #[arg(long, env = "PARLOR_WORKERS", value_parser = parse_positive, allow_negative_numbers = true)]
    pub workers: Option<usize>,
    /// Web origins that may use the server besides its own, e.g.
    /// `https://app.example.org`; `*` for any
    #[arg(long, env = "PARLOR_ALLOWED_ORIGINS", value_delimiter = ',')]
    pub allowed_origins: Vec<String>,
    /// Certificate chain, a PEM file: with it and its key, https and wss are
    /// served. SIGHUP reads both files again
    #[arg(long, env = "PARLOR_TLS_CERT")]
    pub tls_cert: Option<PathBuf>,
    /// Private key of the certificate, a PEM file
    #[arg(long, env = "PARLOR_TLS_KEY")]
    pub tls_key: Option<PathBuf>,
    /// Whether WebSocket messages may be compressed (permessage-deflate)
    #[arg(long, env = "PARLOR_COMPRESSION", value_enum, default_value_t = Switch::On)]
    pub compression: Switch,
    /// Bytes from which on a message to a client is compressed
    #[arg(long, env = "PARLOR_COMPRESSION_MIN_BYTES", default_value_t = COMPRESSION_MIN_BYTES, value_parser = parse_positive, allow_negative_numbers = true)]
    pub compression_min_bytes: usize,
    /// Time between two pings
    #[arg(long, env = "PARLOR_HEARTBEAT_INTERVAL", default_value = "54s", value_parser = parse_duration)]
    pub heartbeat_interval: Duration,
    /// A connection that has been silent for so long is closed
    #[arg(long, env = "PARLOR_HEARTBEAT_TIMEOUT", default_value = "60s", value_parser = parse_duration)]
    pub heartbeat_timeout: Duration,
    /// A connection whose socket has taken nothing for so long is closed
    #[arg(long, env = "PARLOR_WRITE_TIMEOUT", default_value = "10s", value_parser = parse_duration)]
    pub write_timeout: Duration,
    /// Time an HTTP request has for its head; its body has to bring 1 KiB a second
    #[arg(long, env = "PARLOR_REQUEST_TIMEOUT", default_value = "20s", value_parser = parse_duration)]
    pub request_timeout: Duration,
    /// An HTTP answer of which so long less than 1 KiB a second is taken is cut
    #[arg(long, env = "PARLOR_RESPONSE_TIMEOUT", default_value = "60s", value_parser = parse_duration)]
    pub response_timeout: Duration,
    /// Time a connection has for its token, and for its resume
    #[arg(long, env = "PARLOR_AUTH_TIMEOUT", default_value = "10s", value_parser = parse_duration)]
    pub auth_timeout: Duration,
    /// Time a planned stop may take
    #[arg(long, env = "PARLOR_DRAIN_TIMEOUT", default_value = "10s", value_parser = parse_duration)]
    pub drain_timeout: Duration,
    /// Lifetime of the access tokens of built-in accounts
    #[arg(long, env = "PARLOR_ACCESS_TOKEN_TTL", default_value = "15m", value_parser = parse_duration)]
    pub access_token_ttl: Duration,
    /// Lifetime of a refresh token
    #[arg(long, env = "PARLOR_REFRESH_TOKEN_TTL", default_value = "30d", value_parser = parse_duration)]
    pub refresh_token_ttl: Duration,
    /// Time a user may be without a connection before others see them gone
    #[arg(long, env = "PARLOR_PRESENCE_GRACE", default_value = "10s", value_parser = parse_duration)]
    pub presence_grace: Duration,
    /// Who may put a user into a room, open a direct room with them, and see
    /// whether they are there: anyone, those who share a room, or the
    /// application's backend alone
    #[arg(long, env = "PARLOR_CONTACT", default_value = "anyone", value_parser = parse_contact)]
    pub contact: Contact,
    /// Time an event of the application waits for a user who is away
    #[arg(long, env = "PARLOR_INBOX_TTL", default_value = "24h", value_parser = parse_duration)]
    pub inbox_ttl: Duration,
    /// Time rooms keep their messages; for good by default
    #[arg(long, env = "PARLOR_RETENTION_AGE", value_parser = parse_duration)]
    pub retention_age: Option<Duration>,
    /// How often what is too old is looked for
    #[arg(long, env = "PARLOR_RETENTION_TICK", default_value = "60s", value_parser = parse_duration)]
    pub retention_tick: Duration,
    /// Time a public or announcement room stays that all have left
    #[arg(long, env = "PARLOR_EMPTY_ROOM_TTL", default_value = "24h", value_parser = parse_duration)]
    pub empty_room_ttl: Duration,
    /// Messages that a room keeps; all by default
    #[arg(long, env = "PARLOR_RETENTION_MESSAGES", value_parser = parse_positive, allow_negative_numbers = true)]
    pub retention_messages: Option<usize>,
    #[command(flatten)]
    pub nodes: NodeArgs,
    #[command(flatten)]
    pub identity: IdentityArgs,
    #[command(flatten)]
    pub attachments: AttachmentArgs,
    #[command(flatten)]
    pub webhooks: WebhookArgs,
    /// Token that `GET /metrics` needs; without one this machine alone may ask
    #[arg(long, env = "PARLOR_METRICS_TOKEN", hide_env_values = true)]
    pub metrics_token: Option<String>,
    /// Whether messages can be searched
    #[arg(long, env = "PARLOR_SEARCH", value_enum, default_value_t = Switch::On)]
    pub search: Switch,
    #[command(flatten)]
    pub rates: RateArgs,
    #[command(flatten)]
    pub limits: LimitArgs,
}

/// Whose tokens are good besides our own.
#[derive(Args, Debug)]
#[command(next_help_heading = "Identity")]
pub struct IdentityArgs {
    /// Whether people can register and log in here; by default if neither
    /// JWT_SECRET nor an issuer is set
    #[arg(long, env = "PARLOR_ACCOUNTS", value_enum)]
    pub accounts: Option<Switch>,
    /// The signing secret before this one, whose tokens are still good while it
    /// is being changed
    #[arg(long, env = "JWT_SECRET_PREVIOUS", hide_env_values = true)]
    pub jwt_secret_previous: Option<String>,
    /// Whose users become those of the application or the issuer that comes
    /// next with their ids: `account`, `application`, `issuer`, `issuer:<iss>`
    #[arg(long, env = "PARLOR_ADOPT_USERS_OF", value_delimiter = ',')]
    pub adopt_users_of: Vec<String>,
    /// Public keys of an outside issuer: a file with PEM keys or a JWKS document
    #[arg(long, env = "PARLOR_ISSUER_KEYS", conflicts_with = "issuer_jwks_url")]
    pub issuer_keys: Option<PathBuf>,
    /// Where an outside issuer publishes its keys (JWKS)
    #[arg(long, env = "PARLOR_ISSUER_JWKS_URL", hide_env_values = true)]
    pub issuer_jwks_url: Option<String>,
    /// The `iss` that its tokens must have
    #[arg(long, env = "PARLOR_ISSUER")]
    pub issuer: Option<String>,
    /// The `aud` that its tokens must have
    #[arg(long, env = "PARLOR_AUDIENCE")]
    pub audience: Option<String>,
    /// How far the clock of who makes tokens may be off
    #[arg(long, env = "PARLOR_TOKEN_LEEWAY", default_value = "30s", value_parser = parse_duration)]
    pub token_leeway: Duration,
    /// Time a connection goes on whose token has expired
    #[arg(long, env = "PARLOR_TOKEN_GRACE", default_value = "30s", value_parser = parse_duration)]
    pub token_grace: Duration,
}

/// Where attachments go, and which there may be.
#[derive(Args, Debug)]
#[command(next_help_heading = "Attachments")]
pub struct AttachmentArgs {
    /// `s3://bucket/prefix`; a directory in the data directory by default
    #[arg(long, env = "PARLOR_ATTACHMENTS_URL")]
    pub attachments_url: Option<String>,
    /// Another S3-compatible store than Amazon's
    #[arg(long, env = "PARLOR_S3_ENDPOINT")]
    pub s3_endpoint: Option<String>,
    #[arg(long, env = "PARLOR_S3_REGION", default_value = "us-east-1")]
    pub s3_region: String,
    #[arg(
        long,
        env = "PARLOR_S3_ACCESS_KEY_ID",
        hide_env_values = true,
        default_value = "",
        hide_default_value = true
    )]
    pub s3_access_key_id: String,
    #[arg(
        long,
        env = "PARLOR_S3_SECRET_ACCESS_KEY",
        hide_env_values = true,
        default_value = "",
        hide_default_value = true
    )]
    pub s3_secret_access_key: String,
    /// Bytes of a file at most
    #[arg(long, env = "PARLOR_ATTACHMENT_BYTES", default_value_t = Limits::default().attachment_bytes, value_parser = parse_bytes)]
    pub attachment_bytes: u64,
    /// Bytes of files that one user may upload within a day; 0: no limit
    #[arg(long, env = "PARLOR_ATTACHMENT_BYTES_PER_DAY", default_value_t = Limits::default().attachment_bytes_per_day, value_parser = parse_bytes)]
    pub attachment_bytes_per_day: u64,
    /// Bytes of files that one user may have stored; 0: no limit
    #[arg(long, env = "PARLOR_ATTACHMENT_BYTES_PER_USER", default_value_t = Limits::default().attachment_bytes_per_user, value_parser = parse_bytes)]
    pub attachment_bytes_per_user: u64,
    /// Types that may be uploaded, as the bytes say
    #[arg(
        long,
        env = "PARLOR_ATTACHMENT_TYPES",
        value_delimiter = ',',
        default_value = "image/*,audio/*,video/*,text/plain,application/pdf,application/zip,application/gzip,application/msword,application/vnd.ms-*,application/vnd.openxmlformats-officedocument.*,application/vnd.oasis.opendocument.*"
    )]
    pub attachment_types: Vec<String>,
}

/// Who is told of what happens.
#[derive(Args, Debug)]
#[command(next_help_heading = "Webhooks")]
pub struct WebhookArgs {
    /// Where events are sent to
    #[arg(long, env = "PARLOR_WEBHOOK_URLS", value_delimiter = ',', hide_env_values = true)]
    pub webhook_urls: Vec<String>,
    /// What they are signed with, `whsec_…` or a text of at least 24 bytes;
    /// several while receivers change over
    #[arg(long, env = "PARLOR_WEBHOOK_SECRET", value_delimiter = ',', hide_env_values = true)]
    pub webhook_secret: Vec<String>,
    /// Which events; all by default
    #[arg(long, env = "PARLOR_WEBHOOK_EVENTS", value_delimiter = ',')]
    pub webhook_events: Vec<String>,
    /// Time a receiver has for its answer
    #[arg(long, env = "PARLOR_WEBHOOK_TIMEOUT", default_value = "10s", value_parser = parse_duration)]
    pub webhook_timeout: Duration,
    /// Attempts until an event becomes a dead letter
    #[arg(long, env = "PARLOR_WEBHOOK_ATTEMPTS", default_value_t = 12, value_parser = parse_positive, allow_negative_numbers = true)]
    pub webhook_attempts: usize,
}

/// How often one may ask; 0 stands for as often as one likes.
#[derive(Args, Debug)]
#[command(next_help_heading = "Rates (0: no limit)")]
pub struct RateArgs {
    /// Commands of one connection a second
    #[arg(long, env = "PARLOR_COMMANDS_PER_SECOND", default_value_t = 10)]
    pub commands_per_second: u32,
    /// Commands that one connection may have at once
    #[arg(long, env = "PARLOR_COMMAND_BURST", default_value_t = 20)]
    pub command_burst: u32,
    /// Commands and REST calls of one user a second
    #[arg(long, env = "PARLOR_USER_COMMANDS_PER_SECOND", default_value_t = 50)]
    pub user_commands_per_second: u32,
    /// Commands and REST calls that one user may have at once
    #[arg(long, env = "PARLOR_USER_COMMAND_BURST", default_value_t = 200)]
    pub user_command_burst: u32,
    /// Logins, registrations and changes of a password from one address a
    /// minute
    #[arg(long, env = "PARLOR_LOGINS_PER_MINUTE", default_value_t = 20)]
    pub logins_per_minute: u32,
    /// New tokens for refresh tokens, asked for from one address a minute, and
    /// at once
    #[arg(long, env = "PARLOR_REFRESHES_PER_MINUTE", default_value_t = 3_000)]
    pub refreshes_per_minute: u32,
    /// Connections that one user opens a minute
    #[arg(long, env = "PARLOR_CONNECTS_PER_MINUTE", default_value_t = 30)]
    pub connects_per_minute: u32,
    /// Connections that one user may open at once
    #[arg(long, env = "PARLOR_CONNECT_BURST", default_value_t = 60)]
    pub connect_burst: u32,
    /// Connections opened from one address a minute, and at once
    #[arg(long, env = "PARLOR_ADDRESS_CONNECTS_PER_MINUTE", default_value_t = 3_000)]
    pub address_connects_per_minute: u32,
    /// Errors a minute after which a connection is closed
    #[arg(long, env = "PARLOR_ERRORS_BEFORE_CLOSE", default_value_t = 20)]
    pub errors_before_close: u32,
    /// Proxies, as addresses or networks, whose X-Forwarded-For is believed
    #[arg(long, env = "PARLOR_TRUSTED_PROXIES", value_delimiter = ',')]
    pub trusted_proxies: Vec<String>,
}

/// The bounds of `limits`, where they are explained.
#[derive(Args, Debug)]
#[command(next_help_heading = "Limits")]
pub struct LimitArgs {
    /// Bytes of one message from a client; by default what a command with the
    /// longest content takes
    #[arg(long, env = "PARLOR_FRAME_BYTES", value_parser = parse_positive, allow_negative_numbers = true)]
    pub frame_bytes: Option<usize>,
    /// Bytes of a chat message's content
    #[arg(long, env = "PARLOR_CONTENT_BYTES", default_value_t = Limits::default().content_bytes, value_parser = parse_positive, allow_negative_numbers = true)]
    pub content_bytes: usize,
    /// Frames that wait for one reader
    #[arg(long, env = "PARLOR_QUEUED_FRAMES", default_value_t = Limits::default().queued_frames, value_parser = parse_positive, allow_negative_numbers = true)]
    pub queued_frames: usize,
    /// Bytes that wait for one reader
    #[arg(long, env = "PARLOR_QUEUED_BYTES", default_value_t = Limits::default().queued_bytes, value_parser = parse_positive, allow_negative_numbers = true)]
    pub queued_bytes: usize,
    /// Connections of one user
    #[arg(long, env = "PARLOR_CONNECTIONS_PER_USER", default_value_t = Limits::default().connections_per_user, value_parser = parse_positive, allow_negative_numbers = true)]
    pub connections_per_user: usize,
    /// Rooms one user may make, join and open
    #[arg(long, env = "PARLOR_ROOMS_PER_USER", default_value_t = Limits::default().rooms_per_user, value_parser = parse_positive, allow_negative_numbers = true)]
    pub rooms_per_user: usize,
    /// Rooms that other users may put one user into
    #[arg(long, env = "PARLOR_PLACED_ROOMS_PER_USER", default_value_t = Limits::default().placed_rooms_per_user, value_parser = parse_positive, allow_negative_numbers = true)]
    pub placed_rooms_per_user: usize,
    /// Missed events that are replayed; a reader further behind resyncs
    #[arg(long, env = "PARLOR_REPLAY_EVENTS", default_value_t = Limits::default().replay_events, value_parser = parse_positive, allow_negative_numbers = true)]
    pub replay_events: usize,
    /// Members from which on nobody is told who joins, leaves, types, reads, or
    /// is there
    #[arg(long, env = "PARLOR_BIG_ROOM_MEMBERS", default_value_t = Limits::default().big_room_members, value_parser = parse_positive, allow_negative_numbers = true)]
    pub big_room_members: usize,
    /// Events of the application that wait for a user who is away
    #[arg(long, env = "PARLOR_INBOX_EVENTS", default_value_t = Limits::default().inbox_events, value_parser = parse_positive, allow_negative_numbers = true)]
    pub inbox_events: usize,
    /// HTTP connections of one address; 0 for no bound
    #[arg(long, env = "PARLOR_CONNECTIONS_PER_ADDRESS", default_value_t = Limits::default().connections_per_address)]
    pub connections_per_address: usize,
    /// Writes handed to the database and not yet committed
    #[arg(long, env = "PARLOR_WRITES_IN_FLIGHT", default_value_t = Limits::default().writes_in_flight, value_parser = parse_positive, allow_negative_numbers = true)]
    pub writes_in_flight: usize,
}

#[derive(Args, Debug)]
pub struct TokenArgs {
    #[command(flatten)]
    pub store: StoreArgs,
    /// The user's id
    #[arg(long)]
    pub user: String,
    /// The user's display name
    #[arg(long, value_parser = parse_name)]
    pub name: Option<String>,
    /// A role: `admin` or `service`; may be given several times
    #[arg(long, value_parser = [ADMIN, SERVICE])]
    pub role: Vec<String>,
    /// A part of the application whose events the user is to hear
    #[arg(long)]
    pub role_context: Option<String>,
    /// How long the token is good
    #[arg(long, default_value = "24h", value_parser = parse_token_ttl)]
    pub ttl: Duration,
}

impl Cli {
    /// Reads `.env`, the environment, the files that secrets are in, and the
    /// command line. `Err` is what to print and the exit code.
    pub fn read() -> Result<Self, (String, u8)> {
        env_file::load(".env".as_ref())?;
        variables::secrets_from_files()?;
        read::command_line(std::env::args_os())
    }
}
