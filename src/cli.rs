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

/// A self-hosted chat backend for your own application
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
    /// Apply pending database migrations and exit
    Migrate(StoreArgs),
    /// Copy a whole deployment into another database
    Copy(CopyArgs),
    /// Make all clients reload everything; needed after a restore that the
    /// server cannot detect, such as a snapshot of the whole machine
    NewEpoch(StoreArgs),
    /// Create an access token and print it
    Token(TokenArgs),
}

/// Where the data is stored.
#[derive(Args, Debug)]
pub struct StoreArgs {
    /// Directory for the database and the signing secret
    #[arg(long, env = "PARLOR_DATA_DIR", default_value = "./data")]
    pub data_dir: PathBuf,
    /// Database: `sqlite:<file>` or `postgres://user:password@host/database`;
    /// by default, the file `parlor.db` in the data directory
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// Number of concurrent write transactions on PostgreSQL; SQLite has one
    #[arg(long, env = "PARLOR_DATABASE_LANES", default_value = "4", value_parser = clap::value_parser!(u8).range(1..=64))]
    pub database_lanes: u8,
    /// Secret for signing tokens, at least 32 bytes; by default, generated on
    /// the first start and kept in the data directory
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
    /// Address or host name, and port, to listen on: `127.0.0.1:8080`,
    /// `localhost:8080`, `[::1]:8080`, or `:8080` for all addresses; port 0
    /// picks any free port
    #[arg(long, env = "PARLOR_BIND", default_value = "127.0.0.1:8080", value_parser = BindAddress::parse)]
    pub bind: BindAddress,
    /// Number of threads that serve connections; by default, one per core
    #[arg(long, env = "PARLOR_WORKERS", value_parser = parse_positive, allow_negative_numbers = true)]
    pub workers: Option<usize>,
    /// Web origins, besides the server's own, whose pages may use the server,
    /// e.g. `https://app.example.org`; `*` allows any
    #[arg(long, env = "PARLOR_ALLOWED_ORIGINS", value_delimiter = ',')]
    pub allowed_origins: Vec<String>,
    /// PEM file with the certificate chain; together with the key it enables
    /// https and wss. SIGHUP reloads both files
    #[arg(long, env = "PARLOR_TLS_CERT")]
    pub tls_cert: Option<PathBuf>,
    /// PEM file with the private key of the certificate
    #[arg(long, env = "PARLOR_TLS_KEY")]
    pub tls_key: Option<PathBuf>,
    /// Whether WebSocket messages may be compressed (permessage-deflate)
    #[arg(long, env = "PARLOR_COMPRESSION", value_enum, default_value_t = Switch::On)]
    pub compression: Switch,
    /// Size in bytes from which a message to a client is compressed
    #[arg(long, env = "PARLOR_COMPRESSION_MIN_BYTES", default_value_t = COMPRESSION_MIN_BYTES, value_parser = parse_positive, allow_negative_numbers = true)]
    pub compression_min_bytes: usize,
    /// Interval between pings
    #[arg(long, env = "PARLOR_HEARTBEAT_INTERVAL", default_value = "54s", value_parser = parse_duration)]
    pub heartbeat_interval: Duration,
    /// Close a connection after this long without hearing from it
    #[arg(long, env = "PARLOR_HEARTBEAT_TIMEOUT", default_value = "60s", value_parser = parse_duration)]
    pub heartbeat_timeout: Duration,
    /// Close a connection whose socket has accepted no data for this long
    #[arg(long, env = "PARLOR_WRITE_TIMEOUT", default_value = "10s", value_parser = parse_duration)]
    pub write_timeout: Duration,
    /// Time limit for the head of an HTTP request; its body must arrive at 1 KiB
    /// per second or faster
    #[arg(long, env = "PARLOR_REQUEST_TIMEOUT", default_value = "20s", value_parser = parse_duration)]
    pub request_timeout: Duration,
    /// Abort an HTTP response that is read at less than 1 KiB per second for
    /// this long
    #[arg(long, env = "PARLOR_RESPONSE_TIMEOUT", default_value = "60s", value_parser = parse_duration)]
    pub response_timeout: Duration,
    /// Time limit for a new connection to send its token, and its resume
    #[arg(long, env = "PARLOR_AUTH_TIMEOUT", default_value = "10s", value_parser = parse_duration)]
    pub auth_timeout: Duration,
    /// Time limit for a graceful shutdown
    #[arg(long, env = "PARLOR_DRAIN_TIMEOUT", default_value = "10s", value_parser = parse_duration)]
    pub drain_timeout: Duration,
    /// Lifetime of access tokens of built-in accounts
    #[arg(long, env = "PARLOR_ACCESS_TOKEN_TTL", default_value = "15m", value_parser = parse_duration)]
    pub access_token_ttl: Duration,
    /// Lifetime of refresh tokens
    #[arg(long, env = "PARLOR_REFRESH_TOKEN_TTL", default_value = "30d", value_parser = parse_duration)]
    pub refresh_token_ttl: Duration,
    /// How long a user without a connection is still shown as online
    #[arg(long, env = "PARLOR_PRESENCE_GRACE", default_value = "10s", value_parser = parse_duration)]
    pub presence_grace: Duration,
    /// Who may add a user to a room, open a direct room with them and see their
    /// presence: `anyone`, `shared` (users who share a room with them) or
    /// `backend` (only the application's backend)
    #[arg(long, env = "PARLOR_CONTACT", default_value = "anyone", value_parser = parse_contact)]
    pub contact: Contact,
    /// How long an application event is kept in a user's inbox
    #[arg(long, env = "PARLOR_INBOX_TTL", default_value = "24h", value_parser = parse_duration)]
    pub inbox_ttl: Duration,
    /// How long rooms keep their messages; by default, forever
    #[arg(long, env = "PARLOR_RETENTION_AGE", value_parser = parse_duration)]
    pub retention_age: Option<Duration>,
    /// How often expired messages and empty rooms are looked for
    #[arg(long, env = "PARLOR_RETENTION_TICK", default_value = "60s", value_parser = parse_duration)]
    pub retention_tick: Duration,
    /// How long a public or announcement room is kept after everyone has left
    #[arg(long, env = "PARLOR_EMPTY_ROOM_TTL", default_value = "24h", value_parser = parse_duration)]
    pub empty_room_ttl: Duration,
    /// Number of messages that a room keeps; by default, all
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
    /// Token required for `GET /metrics`; without one, only requests from this
    /// machine are answered
    #[arg(long, env = "PARLOR_METRICS_TOKEN", hide_env_values = true)]
    pub metrics_token: Option<String>,
    /// Full-text search of messages
    #[arg(long, env = "PARLOR_SEARCH", value_enum, default_value_t = Switch::On)]
    pub search: Switch,
    #[command(flatten)]
    pub rates: RateArgs,
    #[command(flatten)]
    pub limits: LimitArgs,
}

/// Which tokens are accepted besides our own.
#[derive(Args, Debug)]
#[command(next_help_heading = "Identity")]
pub struct IdentityArgs {
    /// Built-in accounts: whether people can register and log in; by default on
    /// if neither JWT_SECRET nor an issuer is set
    #[arg(long, env = "PARLOR_ACCOUNTS", value_enum)]
    pub accounts: Option<Switch>,
    /// The previous signing secret; its tokens are still accepted while the
    /// secret is being rotated
    #[arg(long, env = "JWT_SECRET_PREVIOUS", hide_env_values = true)]
    pub jwt_secret_previous: Option<String>,
    /// Origins whose users may move to another origin, that of the next valid
    /// token with their id: `account`, `application`, `issuer`, `issuer:<iss>`
    #[arg(long, env = "PARLOR_ADOPT_USERS_OF", value_delimiter = ',')]
    pub adopt_users_of: Vec<String>,
    /// File with the public keys of an external issuer (PEM or JWKS)
    #[arg(long, env = "PARLOR_ISSUER_KEYS", conflicts_with = "issuer_jwks_url")]
    pub issuer_keys: Option<PathBuf>,
    /// URL of the JWKS document of an external issuer
    #[arg(long, env = "PARLOR_ISSUER_JWKS_URL", hide_env_values = true)]
    pub issuer_jwks_url: Option<String>,
    /// The `iss` that the issuer's tokens must have
    #[arg(long, env = "PARLOR_ISSUER")]
    pub issuer: Option<String>,
    /// The `aud` that the issuer's tokens must have
    #[arg(long, env = "PARLOR_AUDIENCE")]
    pub audience: Option<String>,
    /// Allowed clock difference to whoever issues the tokens
    #[arg(long, env = "PARLOR_TOKEN_LEEWAY", default_value = "30s", value_parser = parse_duration)]
    pub token_leeway: Duration,
    /// How long a connection stays open after its token has expired
    #[arg(long, env = "PARLOR_TOKEN_GRACE", default_value = "30s", value_parser = parse_duration)]
    pub token_grace: Duration,
}

/// Where attachments are stored, and which are allowed.
#[derive(Args, Debug)]
#[command(next_help_heading = "Attachments")]
pub struct AttachmentArgs {
    /// `s3://bucket/prefix`; by default, a directory in the data directory
    #[arg(long, env = "PARLOR_ATTACHMENTS_URL")]
    pub attachments_url: Option<String>,
    /// Endpoint of an S3-compatible store other than Amazon's
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
    /// Largest allowed file, in bytes
    #[arg(long, env = "PARLOR_ATTACHMENT_BYTES", default_value_t = Limits::default().attachment_bytes, value_parser = parse_bytes)]
    pub attachment_bytes: u64,
    /// Bytes of files that a user may upload per day; 0: no limit
    #[arg(long, env = "PARLOR_ATTACHMENT_BYTES_PER_DAY", default_value_t = Limits::default().attachment_bytes_per_day, value_parser = parse_bytes)]
    pub attachment_bytes_per_day: u64,
    /// Bytes of files that a user may have stored; 0: no limit
    #[arg(long, env = "PARLOR_ATTACHMENT_BYTES_PER_USER", default_value_t = Limits::default().attachment_bytes_per_user, value_parser = parse_bytes)]
    pub attachment_bytes_per_user: u64,
    /// Allowed file types, detected from the content
    #[arg(
        long,
        env = "PARLOR_ATTACHMENT_TYPES",
        value_delimiter = ',',
        default_value = "image/*,audio/*,video/*,text/plain,application/pdf,application/zip,application/gzip,application/msword,application/vnd.ms-*,application/vnd.openxmlformats-officedocument.*,application/vnd.oasis.opendocument.*"
    )]
    pub attachment_types: Vec<String>,
}

/// Who is notified of what happens.
#[derive(Args, Debug)]
#[command(next_help_heading = "Webhooks")]
pub struct WebhookArgs {
    /// URLs that events are sent to
    #[arg(long, env = "PARLOR_WEBHOOK_URLS", value_delimiter = ',', hide_env_values = true)]
    pub webhook_urls: Vec<String>,
    /// Signing secret, `whsec_…` or a text of at least 24 bytes; several while
    /// it is being rotated
    #[arg(long, env = "PARLOR_WEBHOOK_SECRET", value_delimiter = ',', hide_env_values = true)]
    pub webhook_secret: Vec<String>,
    /// Which events are sent; by default, all
    #[arg(long, env = "PARLOR_WEBHOOK_EVENTS", value_delimiter = ',')]
    pub webhook_events: Vec<String>,
    /// Time limit for a receiver to respond
    #[arg(long, env = "PARLOR_WEBHOOK_TIMEOUT", default_value = "10s", value_parser = parse_duration)]
    pub webhook_timeout: Duration,
    /// Number of attempts before an event becomes a dead letter
    #[arg(long, env = "PARLOR_WEBHOOK_ATTEMPTS", default_value_t = 12, value_parser = parse_positive, allow_negative_numbers = true)]
    pub webhook_attempts: usize,
}

/// Rate limits; 0 means unlimited.
#[derive(Args, Debug)]
#[command(next_help_heading = "Rate limits (0: no limit)")]
pub struct RateArgs {
    /// Commands per second and connection
    #[arg(long, env = "PARLOR_COMMANDS_PER_SECOND", default_value_t = 10)]
    pub commands_per_second: u32,
    /// Burst of commands per connection
    #[arg(long, env = "PARLOR_COMMAND_BURST", default_value_t = 20)]
    pub command_burst: u32,
    /// Commands and REST calls per second and user
    #[arg(long, env = "PARLOR_USER_COMMANDS_PER_SECOND", default_value_t = 50)]
    pub user_commands_per_second: u32,
    /// Burst of commands and REST calls per user
    #[arg(long, env = "PARLOR_USER_COMMAND_BURST", default_value_t = 200)]
    pub user_command_burst: u32,
    /// Logins, registrations and password changes per minute and address
    #[arg(long, env = "PARLOR_LOGINS_PER_MINUTE", default_value_t = 20)]
    pub logins_per_minute: u32,
    /// Token refreshes per minute and address, also as a burst
    #[arg(long, env = "PARLOR_REFRESHES_PER_MINUTE", default_value_t = 3_000)]
    pub refreshes_per_minute: u32,
    /// New connections per minute and user
    #[arg(long, env = "PARLOR_CONNECTS_PER_MINUTE", default_value_t = 30)]
    pub connects_per_minute: u32,
    /// Burst of new connections per user
    #[arg(long, env = "PARLOR_CONNECT_BURST", default_value_t = 60)]
    pub connect_burst: u32,
    /// New connections per minute and address, also as a burst
    #[arg(long, env = "PARLOR_ADDRESS_CONNECTS_PER_MINUTE", default_value_t = 3_000)]
    pub address_connects_per_minute: u32,
    /// Errors per minute after which a connection is closed
    #[arg(long, env = "PARLOR_ERRORS_BEFORE_CLOSE", default_value_t = 20)]
    pub errors_before_close: u32,
    /// Addresses or networks of proxies whose X-Forwarded-For is trusted
    #[arg(long, env = "PARLOR_TRUSTED_PROXIES", value_delimiter = ',')]
    pub trusted_proxies: Vec<String>,
}

/// The bounds of `limits`, where they are explained.
#[derive(Args, Debug)]
#[command(next_help_heading = "Limits")]
pub struct LimitArgs {
    /// Largest WebSocket message from a client, in bytes; by default, what a
    /// command with the longest content can take
    #[arg(long, env = "PARLOR_FRAME_BYTES", value_parser = parse_positive, allow_negative_numbers = true)]
    pub frame_bytes: Option<usize>,
    /// Largest content of a chat message, in bytes
    #[arg(long, env = "PARLOR_CONTENT_BYTES", default_value_t = Limits::default().content_bytes, value_parser = parse_positive, allow_negative_numbers = true)]
    pub content_bytes: usize,
    /// Frames queued for one connection
    #[arg(long, env = "PARLOR_QUEUED_FRAMES", default_value_t = Limits::default().queued_frames, value_parser = parse_positive, allow_negative_numbers = true)]
    pub queued_frames: usize,
    /// Bytes queued for one connection
    #[arg(long, env = "PARLOR_QUEUED_BYTES", default_value_t = Limits::default().queued_bytes, value_parser = parse_positive, allow_negative_numbers = true)]
    pub queued_bytes: usize,
    /// Concurrent connections per user
    #[arg(long, env = "PARLOR_CONNECTIONS_PER_USER", default_value_t = Limits::default().connections_per_user, value_parser = parse_positive, allow_negative_numbers = true)]
    pub connections_per_user: usize,
    /// Rooms that a user may create, join and open
    #[arg(long, env = "PARLOR_ROOMS_PER_USER", default_value_t = Limits::default().rooms_per_user, value_parser = parse_positive, allow_negative_numbers = true)]
    pub rooms_per_user: usize,
    /// Rooms that a user may be added to by other users
    #[arg(long, env = "PARLOR_PLACED_ROOMS_PER_USER", default_value_t = Limits::default().placed_rooms_per_user, value_parser = parse_positive, allow_negative_numbers = true)]
    pub placed_rooms_per_user: usize,
    /// Missed events that are replayed; a client further behind has to resync
    #[arg(long, env = "PARLOR_REPLAY_EVENTS", default_value_t = Limits::default().replay_events, value_parser = parse_positive, allow_negative_numbers = true)]
    pub replay_events: usize,
    /// Size above which a room no longer reports who joins, leaves, types, reads
    /// or is online
    #[arg(long, env = "PARLOR_BIG_ROOM_MEMBERS", default_value_t = Limits::default().big_room_members, value_parser = parse_positive, allow_negative_numbers = true)]
    pub big_room_members: usize,
    /// Application events kept in a user's inbox
    #[arg(long, env = "PARLOR_INBOX_EVENTS", default_value_t = Limits::default().inbox_events, value_parser = parse_positive, allow_negative_numbers = true)]
    pub inbox_events: usize,
    /// Concurrent HTTP connections per address; 0: no limit
    #[arg(long, env = "PARLOR_CONNECTIONS_PER_ADDRESS", default_value_t = Limits::default().connections_per_address)]
    pub connections_per_address: usize,
    /// Writes accepted but not yet committed
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
    /// A role, `admin` or `service`; may be repeated
    #[arg(long, value_parser = [ADMIN, SERVICE])]
    pub role: Vec<String>,
    /// Role context whose events the user receives
    #[arg(long)]
    pub role_context: Option<String>,
    /// Lifetime of the token
    #[arg(long, default_value = "24h", value_parser = parse_token_ttl)]
    pub ttl: Duration,
}

impl Cli {
    /// Reads `.env`, the environment, the secret files and the command line.
    /// `Err` holds what to print and the exit code.
    pub fn read() -> Result<Self, (String, u8)> {
        env_file::load(".env".as_ref())?;
        variables::secrets_from_files()?;
        read::command_line(std::env::args_os())
    }
}
