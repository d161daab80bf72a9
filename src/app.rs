//! The composition root: starts the actors, binds, and stops in order.

mod accept;
mod around;
mod backup;
mod copy;
mod dev;
mod doctor;
mod export;
mod http;
mod import;
mod listen;
mod logging;
mod mcp;
mod memory;
mod nodes;
mod output;
mod parts;
mod progress;
mod push;
mod serve;
mod signals;
mod traces;

use std::{process::ExitCode, sync::Arc, time::Duration};

use nix::sys::stat::{Mode, umask};
use tokio::runtime::{self, Runtime};

use self::around::Serving;
use crate::{
    auth::TokenKeys,
    cli::{self, Cli, Command, TokenArgs},
    config::{Config, ConfigError, StoreArgs, StoreConfig},
    db, outbound,
    remote::{Effort, Server},
};
use parlor_domain::UserId;

/// Why a command failed: one line for the operator, unless all was said, and the exit
/// code.
#[derive(Debug)]
struct Failure {
    line: String,
    code: u8,
}

impl Failure {
    /// An external cause, such as a file or the database.
    fn environment(error: impl std::fmt::Display) -> Self {
        Self { line: format!("parlor: {error}"), code: 1 }
    }

    /// A wrong setting.
    fn value(error: impl std::fmt::Display) -> Self {
        Self { line: format!("parlor: {error}"), code: 2 }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        match error {
            ConfigError::Value(_) => Self::value(error),
            ConfigError::Environment(_) => Self::environment(error),
        }
    }
}

/// The whole program: reads the command line, runs the command.
pub fn main() -> ExitCode {
    memory::prepare();
    // Files created here (database, index, attachments, secret) are for their
    // owner alone, whatever the umask was.
    umask(Mode::S_IRWXG | Mode::S_IRWXO);
    let cli = match Cli::read() {
        Ok(cli) => cli,
        Err((text, 0)) => return ended(output::answer(&text)),
        Err((line, code)) => return ended(Err(Failure { line, code })),
    };
    ended(logging::init().and_then(|()| run(cli)))
}

fn ended(result: Result<(), Failure>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure { line, code }) => {
            if !line.is_empty() {
                output::complain(&line);
            }
            ExitCode::from(code)
        }
    }
}

fn run(cli: Cli) -> Result<(), Failure> {
    for line in cli::unknown_variables() {
        log::warn!("{line}");
    }
    match cli.command {
        None => serve::serve(Config::new(cli.serve)?, &Serving),
        Some(Command::Serve(args)) => serve::serve(Config::new(*args)?, &Serving),
        Some(Command::Dev(args)) => dev::dev(*args),
        Some(Command::Doctor(args)) => doctor::doctor(*args),
        Some(Command::Migrate(args)) => migrate(args),
        Some(Command::Backup(args)) => backup::backup(*args),
        Some(Command::Compact(args)) => compact(args),
        Some(Command::Copy(args)) => copy::copy(args),
        Some(Command::Export(args)) => export::export(*args),
        Some(Command::Import(args)) => import::import(*args),
        Some(Command::Mcp(args)) => mcp::mcp(args),
        Some(Command::NewEpoch(args)) => new_epoch(args),
        Some(Command::Token(args)) => token(*args),
        Some(Command::Completions { shell }) => output::answer(&Cli::completions(shell)),
        Some(Command::Man) => output::answer(&Cli::manual()),
    }
}

/// What a command reads and writes files with, which has no actors.
/// The server that `--url` names, with the token that a variable holds.
fn server_at(url: &str, variable: &str, effort: Effort) -> Result<Server, Failure> {
    let token = cli::token_from(variable)
        .ok_or_else(|| Failure::value(format!("{variable} must hold a token for --url")))?;
    let base = outbound::bare_url(url).ok_or_else(|| {
        let what = "--url must be the http or https address of a server, such as \
                    https://example.org/chat, without a user, a query or a fragment";
        Failure::value(what)
    })?;
    Ok(Server::at(base, token, effort))
}

fn runtime() -> Result<Runtime, Failure> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Failure::environment(format!("cannot start a runtime: {error}")))
}

fn migrate(args: StoreArgs) -> Result<(), Failure> {
    let store = StoreConfig::new(args)?;
    let ran = db::migrate(&store.database).map_err(Failure::environment)?;
    output::answer(&format!("{}: {} migrations applied\n", store.database, ran.len()))
}

fn compact(args: StoreArgs) -> Result<(), Failure> {
    let store = StoreConfig::new(args)?;
    let db::Compacted { before, after } =
        db::compact(&store.database).map_err(Failure::environment)?;
    output::answer(&format!("{}: {before} bytes before, {after} now\n", store.database))
}

fn new_epoch(args: StoreArgs) -> Result<(), Failure> {
    let store = StoreConfig::new(args)?;
    db::renew_life(&store.database).map_err(Failure::environment)?;
    output::answer(&format!(
        "{}: new epoch; clients reload everything after the next server start\n",
        store.database
    ))
}

fn token(args: TokenArgs) -> Result<(), Failure> {
    let TokenArgs { store, user, name, role, role_context, ttl, claims } = args;
    let user = UserId::parse(&user).map_err(|error| Failure::value(format!("--user {error}")))?;
    if user.is_reserved() {
        return Err(Failure::value(format!("--user {user} is reserved")));
    }
    let names = Arc::new(claims.names()?);
    let secret = StoreConfig::existing_secret(store)?;
    let roles: Vec<_> = role.into_iter().map(Into::into).collect();
    let now = crate::clock::now();
    let token = TokenKeys::new(&secret, None, Duration::ZERO, names)
        .issue(&user, name.as_deref(), &roles, role_context.as_deref(), ttl, now)
        .map_err(Failure::environment)?;
    output::answer(&format!("{token}\n"))
}
