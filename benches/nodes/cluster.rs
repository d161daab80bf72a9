//! Release servers on one database, each a process of its own.

use std::{
    fmt, fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use parlor_benches::database::{Database, cpu_of, service};
use ring::hmac;
use serde_json::json;
use tempfile::TempDir;

use super::delay::port_before;

const SECRET: &str = "a secret for benches only, long enough for HS256 to be safe";

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Store {
    Sqlite,
    Postgres,
}

impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        })
    }
}

pub struct Node {
    child: Child,
    _stdout: BufReader<ChildStdout>,
    pub port: u16,
}

pub struct Cluster {
    pub nodes: Vec<Node>,
    database: Option<Database>,
    home: TempDir,
}

fn redis() -> String {
    service("PARLOR_TEST_REDIS").expect("scripts/with-services sets it")
}

/// The number of its process.
fn redis_process() -> String {
    let asked = Command::new("redis-cli").args(["-u", &redis(), "INFO", "server"]).output();
    let told = String::from_utf8(asked.expect("redis-cli can be started").stdout).expect("a text");
    let process = told.lines().find_map(|line| line.strip_prefix("process_id:"));
    process.expect("its number").trim_end().to_owned()
}

impl Cluster {
    pub fn start(server: &Path, store: Store, count: usize) -> Self {
        let home = tempfile::tempdir().expect("a directory");
        let database =
            (store == Store::Postgres).then(|| Database::create().expect("a PostgreSQL"));
        let url = database.as_ref().map(Database::url);
        let nodes = (0..count).map(|number| start(server, &home, number, url.as_deref()));
        Self { nodes: nodes.collect(), database, home }
    }

    /// On PostgreSQL, each way so far from it.
    pub fn start_distant(server: &Path, count: usize, delay: Duration) -> Self {
        // Migrated nearby: that is hundreds of round trips.
        let mut cluster = Self::start(server, Store::Postgres, 1);
        cluster.stop();
        let near = cluster.database().expect("it is on PostgreSQL").url();
        let (before, rest) = near.rsplit_once(':').expect("a URL with a port");
        let (port, name) = rest.split_once('/').expect("a URL with a database");
        let far = port_before(port.parse().expect("a port"), delay);
        let url = format!("{before}:{far}/{name}");
        let nodes = (0..count).map(|number| start(server, &cluster.home, number, Some(&url)));
        cluster.nodes = nodes.collect();
        cluster
    }

    fn stop(&mut self) {
        for mut node in self.nodes.drain(..) {
            let _ = node.child.kill();
            let _ = node.child.wait();
        }
    }

    /// What it is on, if not on SQLite.
    pub fn database(&self) -> Option<&Database> {
        self.database.as_ref()
    }

    /// CPU time of the nodes so far, and of what they stand on, in seconds.
    pub fn cpu(&self) -> (f64, f64) {
        let nodes = self.nodes.iter().map(Node::cpu).sum();
        let below = |database: &Database| database.cpu() + cpu_of(redis_process());
        (nodes, self.database.as_ref().map_or(0.0, below))
    }

    /// The node of somebody who comes as the `number`th.
    pub fn node(&self, number: usize) -> &Node {
        &self.nodes[number % self.nodes.len()]
    }
}

fn start(server: &Path, home: &TempDir, number: usize, url: Option<&str>) -> Node {
    let log = fs::File::create(home.path().join(format!("{number}.log"))).expect("a log");
    let mut command = Command::new(server);
    command
        .current_dir(home.path())
        .env("PARLOR_BIND", "127.0.0.1:0")
        .env("PARLOR_DATA_DIR", home.path().join(format!("data-{number}")))
        .env("PARLOR_WORKERS", "1")
        .env("JWT_SECRET", SECRET)
        .env("RUST_LOG", "warn")
        .env("PARLOR_COMMANDS_PER_SECOND", "0")
        .env("PARLOR_USER_COMMANDS_PER_SECOND", "0")
        .env("PARLOR_CONNECTS_PER_MINUTE", "0")
        .env("PARLOR_ADDRESS_CONNECTS_PER_MINUTE", "0")
        .env("PARLOR_CONNECTIONS_PER_ADDRESS", "0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log);
    if let Some(url) = url {
        let (_, name) = url.rsplit_once('/').expect("a URL with a database");
        command.env("DATABASE_URL", url).env("REDIS_URL", redis()).env("PARLOR_REDIS_PREFIX", name);
    }
    let mut child = command.spawn().expect("the server can be started");
    // Kept open: the server says more than its first line.
    let mut stdout = BufReader::new(child.stdout.take().expect("it is piped"));
    let mut banner = String::new();
    stdout.read_line(&mut banner).expect("a text");
    let banner = banner.trim_end();
    let port = banner.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
    Node { child, _stdout: stdout, port: port.unwrap_or_else(|| panic!("no port in {banner:?}")) }
}

impl Node {
    pub fn http(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/api/v1{path}", self.port)
    }

    pub fn ws(&self, user: &str) -> String {
        format!("ws://127.0.0.1:{}/ws?token={}", self.port, token(user))
    }

    /// CPU time so far, in seconds.
    pub fn cpu(&self) -> f64 {
        cpu_of(self.child.id())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.stop();
    }
}

pub fn token(user: &str) -> String {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let in_a_day = since.expect("after 1970").as_secs() + 86_400;
    let claims = json!({"sub": user, "exp": in_a_day});
    let part = |part: &serde_json::Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let text = format!("{}.{}", part(&json!({"alg": "HS256"})), part(&claims));
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let signature = URL_SAFE_NO_PAD.encode(hmac::sign(&key, text.as_bytes()));
    format!("{text}.{signature}")
}
