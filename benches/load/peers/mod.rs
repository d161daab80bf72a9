//! Servers that broadcast, next to ours on the same machine.
//!
//! `benches/peers/setup` installs what it can below `target/peers`; what is not
//! there is left out of a comparison. Each is set up the way its own
//! documentation shows for a broadcast, and started for each run anew.

mod centrifugo;
mod dialect;
mod process;
mod pusher;
mod seat;
mod socketio;
mod template;
mod xmpp;

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use parlor_benches::database::Database;

use crate::limits::bare;
use template::{body, content, message_text, said};

pub use centrifugo::Centrifugo;
pub use dialect::{Answering, Dialect, Parlor, ROOM, Role, own_room};
pub use process::Process;
pub use seat::seat;
pub use template::{Template, stamp};

pub struct Peer {
    pub name: &'static str,
    /// How to start it. None if it is not installed.
    command: fn(&Place) -> Option<Command>,
    pub dialect: fn() -> Box<dyn Dialect>,
    /// Whether it is part of the bench, and has to work.
    pub ours: bool,
}

impl Peer {
    pub fn installed(&self) -> bool {
        (self.command)(&Place { port: 0, directory: Path::new(""), database: None }).is_some()
    }
}

/// Where a peer is to run.
struct Place<'a> {
    port: u16,
    /// Its own, for whatever it writes.
    directory: &'a Path,
    /// For one that can be on PostgreSQL.
    database: Option<&'a Database>,
}

/// Its messages live in its memory, a thousand of each channel, or in PostgreSQL.
pub const CENTRIFUGO: Peer = Peer {
    name: "centrifugo",
    command: centrifugo,
    dialect: || Box::new(Centrifugo { own_channels: false }),
    ours: false,
};

pub const ALL: &[Peer] = &[
    Peer { name: "bare", command: bare, dialect: || Box::new(dialect::Plain), ours: true },
    CENTRIFUGO,
    Peer { name: "uws", command: uws, dialect: || Box::new(dialect::Plain), ours: false },
    Peer { name: "ws", command: ws, dialect: || Box::new(dialect::Plain), ours: false },
    Peer {
        name: "socket.io",
        command: socketio,
        dialect: || Box::new(socketio::SocketIo),
        ours: false,
    },
    Peer { name: "sockudo", command: sockudo, dialect: || Box::new(pusher::Pusher), ours: false },
    Peer { name: "ejabberd", command: ejabberd, dialect: || Box::new(xmpp::Xmpp), ours: false },
];

fn bare(place: &Place) -> Option<Command> {
    let mut command = Command::new(std::env::current_exe().ok()?);
    command.arg(bare::SUBCOMMAND).arg(place.port.to_string());
    Some(command)
}

fn ws(place: &Place) -> Option<Command> {
    node("ws", "ws.js", place)
}

fn socketio(place: &Place) -> Option<Command> {
    node("socket.io", "socketio.js", place)
}

fn uws(place: &Place) -> Option<Command> {
    let packages = installed("python")?;
    packages.join("socketify").exists().then_some(())?;
    let mut command = Command::new("python3");
    command.arg(program("uws.py")).arg(place.port.to_string()).env("PYTHONPATH", packages);
    if let Some(libraries) = installed(LIBRARIES) {
        command.env("LD_LIBRARY_PATH", libraries);
    }
    Some(command)
}

fn centrifugo(place: &Place) -> Option<Command> {
    let mut command = Command::new(installed("bin/centrifugo")?);
    command
        .arg("--config")
        .arg(program("centrifugo.json"))
        .env("CENTRIFUGO_HTTP_SERVER_PORT", place.port.to_string());
    if let Some(database) = place.database {
        command
            .env("CENTRIFUGO_BROKER_ENABLED", "true")
            .env("CENTRIFUGO_BROKER_TYPE", "postgres")
            .env("CENTRIFUGO_BROKER_POSTGRES_DSN", database.url() + "?sslmode=disable");
    }
    Some(command)
}

/// With its limits where they do not matter, and without its metrics.
fn sockudo(place: &Place) -> Option<Command> {
    const APP: &str = "SOCKUDO_DEFAULT_APP";
    let mut command = Command::new(installed("bin/sockudo")?);
    command
        .env("HOST", "127.0.0.1")
        .env("PORT", place.port.to_string())
        .env("METRICS_ENABLED", "false")
        .env("RATE_LIMITER_ENABLED", "false")
        .env("LOG_LEVEL", "warn")
        .env(format!("{APP}_ID"), "bench")
        .env(format!("{APP}_KEY"), pusher::KEY)
        .env(format!("{APP}_SECRET"), pusher::SECRET)
        .env(format!("{APP}_MAX_CONNECTIONS"), "100000")
        .env(format!("{APP}_ENABLE_CLIENT_MESSAGES"), "true")
        .env(format!("{APP}_MAX_CLIENT_EVENTS_PER_SECOND"), "100000000");
    Some(command)
}

fn ejabberd(place: &Place) -> Option<Command> {
    let root = installed("debian/usr/sbin/ejabberdctl").and(installed("debian"))?;
    let mut command = Command::new(program("ejabberd"));
    command.arg(root).arg(place.port.to_string()).arg(place.directory);
    Some(command)
}

fn node(package: &str, name: &str, place: &Place) -> Option<Command> {
    let modules = installed("node_modules")?;
    modules.join(package).exists().then_some(())?;
    let mut command = Command::new("node");
    command.arg(program(name)).arg(place.port.to_string()).env("NODE_PATH", modules);
    Some(command)
}

/// Of Debian's packages, where the system does not have them.
const LIBRARIES: &str = "debian/usr/lib/x86_64-linux-gnu";

/// A program of ours that runs one of theirs.
fn program(name: &str) -> PathBuf {
    parlor_benches::checkout().join("benches/peers").join(name)
}

/// What `benches/peers/setup` has put below `target/peers`.
fn installed(name: &str) -> Option<PathBuf> {
    Some(parlor_benches::target().join("peers").join(name)).filter(|path| path.exists())
}
