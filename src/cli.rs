//! The command line. Every option is also an environment variable, and a
//! `.env` file in the working directory is read first.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand, error::ErrorKind};

use crate::limits::Limits;

/// The chat backend a product team drops into its own application.
#[derive(Parser, Debug)]
#[command(name = "parlor", version, args_conflicts_with_subcommands = true)]
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
    /// Make an access token, and print it
    Token(TokenArgs),
}

/// Where the data is.
#[derive(Args, Debug)]
pub struct StoreArgs {
    /// Directory of the database and of the signing secret
    #[arg(long, env = "PARLOR_DATA_DIR", default_value = "./data")]
    pub data_dir: PathBuf,
    /// Database, `sqlite:<file>`; `parlor.db` in the data directory by default
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// Secret that tokens are signed with, at least 32 bytes; made on first
    /// start and kept in the data directory by default
    #[arg(long, env = "JWT_SECRET", hide_env_values = true)]
    pub jwt_secret: Option<String>,
}

#[derive(Args, Debug)]
pub struct ServeArgs {
    #[command(flatten)]
    pub store: StoreArgs,
    /// Address and port to listen on; port 0 takes any free one
    #[arg(long, env = "PARLOR_BIND", default_value = "127.0.0.1:8080")]
    pub bind: SocketAddr,
    /// Threads that serve connections; one a core by default
    #[arg(long, env = "PARLOR_WORKERS", value_parser = parse_positive, allow_negative_numbers = true)]
    pub workers: Option<usize>,
    /// Web origins that may use the server besides its own, e.g.
    /// `https://app.example.org`; `*` for any
    #[arg(long, env = "PARLOR_ALLOWED_ORIGINS", value_delimiter = ',')]
    pub allowed_origins: Vec<String>,
    /// Time between two pings
    #[arg(long, env = "PARLOR_HEARTBEAT_INTERVAL", default_value = "54s", value_parser = parse_duration)]
    pub heartbeat_interval: Duration,
    /// A connection that has been silent for so long is closed
    #[arg(long, env = "PARLOR_HEARTBEAT_TIMEOUT", default_value = "60s", value_parser = parse_duration)]
    pub heartbeat_timeout: Duration,
    /// A connection whose socket has taken nothing for so long is closed
    #[arg(long, env = "PARLOR_WRITE_TIMEOUT", default_value = "10s", value_parser = parse_duration)]
    pub write_timeout: Duration,
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
    #[command(flatten)]
    pub limits: LimitArgs,
}

/// The bounds of `limits`, where they are explained.
#[derive(Args, Debug)]
#[command(next_help_heading = "Limits")]
pub struct LimitArgs {
    /// Bytes of one message from a client
    #[arg(long, env = "PARLOR_FRAME_BYTES", default_value_t = Limits::default().frame_bytes, value_parser = parse_positive, allow_negative_numbers = true)]
    pub frame_bytes: usize,
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
    /// Rooms one user may be a member of
    #[arg(long, env = "PARLOR_ROOMS_PER_USER", default_value_t = Limits::default().rooms_per_user, value_parser = parse_positive, allow_negative_numbers = true)]
    pub rooms_per_user: usize,
    /// Missed events that are replayed; a reader further behind resyncs
    #[arg(long, env = "PARLOR_REPLAY_EVENTS", default_value_t = Limits::default().replay_events, value_parser = parse_positive, allow_negative_numbers = true)]
    pub replay_events: usize,
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
    #[arg(long)]
    pub name: Option<String>,
    /// A role, e.g. `admin`; may be given several times
    #[arg(long)]
    pub role: Vec<String>,
    /// How long the token is good
    #[arg(long, default_value = "24h", value_parser = parse_duration)]
    pub ttl: Duration,
}

/// A number and a unit: `500ms`, `54s`, `15m`, `24h`, `30d`.
fn parse_duration(text: &str) -> Result<Duration, String> {
    const WHAT: &str = "a duration is a number and a unit, such as 500ms, 54s, 15m, 24h or 30d";
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| WHAT)?;
    let unit_ms = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(WHAT.to_owned()),
    };
    match number.checked_mul(unit_ms).filter(|ms| (1..=CENTURY_MS).contains(ms)) {
        Some(ms) => Ok(Duration::from_millis(ms)),
        None => Err("a duration is more than nothing and less than a century".to_owned()),
    }
}

const CENTURY_MS: u64 = 100 * 365 * 86_400_000;

fn parse_positive(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|number| *number > 0)
        .ok_or_else(|| "it must be a whole number above 0".to_owned())
}

impl Cli {
    /// Reads `.env`, the environment and the command line. `Err` is what to
    /// print and the exit code.
    pub fn read() -> Result<Self, (String, u8)> {
        match dotenvy::dotenv() {
            Err(error) if !error.not_found() => {
                return Err((format!("parlor: the file .env cannot be used: {error}"), 2));
            }
            Ok(_) | Err(_) => {}
        }
        // An option whose variable is set to nothing counts as not set, as
        // `.env` files have it.
        Self::try_parse().map_err(|error| match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => (error.to_string(), 0),
            _ => (one_line(&error.to_string()), 2),
        })
    }
}

/// The first paragraph of clap's text, as one line.
fn one_line(text: &str) -> String {
    let lines = text.lines().map(str::trim).take_while(|line| !line.is_empty());
    let joined = lines.collect::<Vec<_>>().join(" ");
    format!("parlor: {}", joined.trim_start_matches("error: "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(args: &[&str]) -> String {
        let args = std::iter::once("parlor").chain(args.iter().copied());
        one_line(&Cli::try_parse_from(args).expect_err("refused").to_string())
    }

    #[test]
    fn the_definition_is_sound() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn serve_is_the_default_and_takes_the_same_options() {
        let bare = Cli::try_parse_from(["parlor", "--bind", "127.0.0.1:0"]).expect("good");
        assert!(bare.command.is_none());
        assert_eq!(bare.serve.bind.port(), 0);
        let named = Cli::try_parse_from(["parlor", "serve", "--bind", "127.0.0.1:0"]);
        assert!(matches!(named.expect("good").command, Some(Command::Serve(_))));
    }

    #[test]
    fn a_bad_option_or_value_is_named_in_one_line() {
        for (args, named) in [
            (vec!["--nope"], "--nope"),
            (vec!["--bind", "here"], "--bind"),
            (vec!["--heartbeat-interval", "54"], "--heartbeat-interval"),
            (vec!["--queued-frames", "0"], "--queued-frames"),
            (vec!["--queued-frames", "-1"], "--queued-frames"),
            (vec!["token"], "--user"),
            (vec!["dance"], "dance"),
        ] {
            let line = error(&args);
            assert!(line.contains(named) && !line.contains('\n'), "{line}");
        }
    }

    #[test]
    fn durations_have_a_unit_and_a_bound() {
        assert_eq!(parse_duration("54s"), Ok(Duration::from_secs(54)));
        assert_eq!(parse_duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(parse_duration("30d"), Ok(Duration::from_secs(30 * 86_400)));
        for bad in ["", "s", "5", "-1s", "1w", "0s", "99999999999d"] {
            assert!(parse_duration(bad).is_err(), "{bad}");
        }
    }
}
