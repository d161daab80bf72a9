//! The built executable, started, watched and stopped.

use std::{fs::File, path::PathBuf, process::Stdio, sync::Arc};

use rustls::ClientConfig;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

use super::{Address, Carrier, Certificate, TestDatabase, Token, User, bridge, within};

pub const EXECUTABLE: &str = env!("CARGO_BIN_EXE_parlor");

/// The secret of every server that is not told otherwise, so that tests can
/// sign tokens themselves.
pub const SECRET: &str = "a secret for tests only, long enough for HS256 to be safe";

/// How a server is to be started.
pub struct Builder {
    args: &'static [&'static str],
    settings: Vec<(String, String)>,
}

impl Builder {
    /// Sets an environment variable of the server.
    pub fn set(mut self, name: &str, value: impl ToString) -> Self {
        self.settings.push((name.to_owned(), value.to_string()));
        self
    }

    /// Leaves a variable out that tests set otherwise.
    pub fn unset(mut self, name: &str) -> Self {
        self.settings.retain(|(other, _)| other != name);
        self
    }

    /// The server makes a secret of its own.
    pub fn with_own_secret(self) -> Self {
        self.unset("JWT_SECRET")
    }

    /// Starts `parlor dev`, which has a directory and a database of its own.
    pub async fn start_dev(mut self) -> Server {
        self.args = &["dev"];
        self.set("DATABASE_URL", "").start_plain().await
    }

    /// Starts it; its clients reach it over the carrier of this run.
    pub async fn start(self) -> Server {
        let carrier = std::env::var("PARLOR_TEST_CARRIER").unwrap_or_default();
        let (tls, deflate) = (carrier.contains("tls"), carrier.contains("deflate"));
        let server = if tls { self.start_with_tls().await.0 } else { self.start_plain().await };
        match tls || deflate {
            true => server.behind_a_bridge(deflate).await,
            false => server,
        }
    }

    /// Starts it with TLS, and nothing between it and its clients.
    pub async fn start_with_tls(self) -> (Server, Certificate) {
        let home = tempfile::tempdir().expect("a temporary directory can be made");
        let certificate = Certificate::make(home.path(), "first");
        let builder =
            self.set("PARLOR_TLS_CERT", &certificate.chain).set("PARLOR_TLS_KEY", &certificate.key);
        let mut server = builder.start_in(home).await;
        server.client = Some(certificate.client.clone());
        (server, certificate)
    }

    async fn start_plain(self) -> Server {
        let home = tempfile::tempdir().expect("a temporary directory can be made");
        self.start_in(home).await
    }

    async fn start_in(mut self, home: TempDir) -> Server {
        let names_one = self.settings.iter().any(|(name, _)| name == "DATABASE_URL");
        let database = if names_one { None } else { TestDatabase::of_this_run() };
        if let Some(database) = &database {
            self = self.set("DATABASE_URL", database.url());
        }
        let (process, port) = launch(&home, self.args, &self.settings).await;
        let address = Address::new(port);
        let (own, args, settings) = (address.clone(), self.args, self.settings);
        Server { home, args, settings, address, own, client: None, process, database }
    }
}

/// A server with a directory of its own; killed when dropped.
pub struct Server {
    home: TempDir,
    args: &'static [&'static str],
    settings: Vec<(String, String)>,
    /// Where its clients reach it.
    address: Address,
    /// Where it listens.
    own: Address,
    /// What trusts its certificate.
    client: Option<Arc<ClientConfig>>,
    process: Process,
    /// Dropped after the process that uses it.
    database: Option<TestDatabase>,
}

struct Process {
    child: Child,
    banner: String,
    stdout: Lines<BufReader<ChildStdout>>,
}

/// A command with nothing of the tester's environment but the search path.
fn command() -> Command {
    let mut command = Command::new(EXECUTABLE);
    command.env_clear().kill_on_drop(true).stdin(Stdio::null());
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command
}

async fn launch(home: &TempDir, args: &[&str], settings: &[(String, String)]) -> (Process, u16) {
    let log = File::options().create(true).append(true).open(home.path().join("stderr.log"));
    let mut child = command()
        .args(args)
        .current_dir(home.path())
        .env("PARLOR_BIND", "127.0.0.1:0")
        .env("RUST_LOG", "info")
        .envs(settings.iter().map(|(name, value)| (name, value)))
        .stdout(Stdio::piped())
        .stderr(log.expect("a log file can be made"))
        .spawn()
        .unwrap_or_else(|error| panic!("{EXECUTABLE} can be started: {error}"));
    let mut stdout = BufReader::new(child.stdout.take().expect("stdout is piped")).lines();
    let first = within("the banner", stdout.next_line()).await.expect("stdout is text");
    let Some(banner) = first else {
        panic!("the server ended before it listened:\n{}", stderr_of(home));
    };
    let port = port_of(&banner).unwrap_or_else(|| panic!("no port in the banner {banner:?}"));
    (Process { child, banner, stdout }, port)
}

fn port_of(banner: &str) -> Option<u16> {
    banner.rsplit_once(':').and_then(|(_, port)| port.trim_end_matches('/').parse().ok())
}

fn stderr_of(home: &TempDir) -> String {
    std::fs::read_to_string(home.path().join("stderr.log")).unwrap_or_default()
}

impl Server {
    pub fn builder() -> Builder {
        // Tests send faster than people do.
        Builder { args: &[], settings: Vec::new() }
            .set("JWT_SECRET", SECRET)
            .set("PARLOR_ACCOUNTS", "on")
            .set("PARLOR_COMMANDS_PER_SECOND", 0)
            .set("PARLOR_USER_COMMANDS_PER_SECOND", 0)
            .set("PARLOR_LOGINS_PER_MINUTE", 0)
            .set("PARLOR_REFRESHES_PER_MINUTE", 0)
            .set("PARLOR_CONNECTS_PER_MINUTE", 0)
            .set("PARLOR_ADDRESS_CONNECTS_PER_MINUTE", 0)
            .set("PARLOR_ERRORS_BEFORE_CLOSE", 0)
    }

    pub async fn start() -> Self {
        Self::builder().start().await
    }

    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Another way to reach it, by plain clients.
    pub async fn bridge(&self, deflate: bool) -> Address {
        bridge(self.own.clone(), Carrier { tls: self.client.clone(), deflate }).await
    }

    async fn behind_a_bridge(mut self, deflate: bool) -> Self {
        self.address = self.bridge(deflate).await;
        self
    }

    /// The first line on stdout.
    pub fn banner(&self) -> &str {
        &self.process.banner
    }

    pub async fn next_stdout_line(&mut self) -> String {
        let line = within("a line on stdout", self.process.stdout.next_line()).await;
        line.expect("stdout is text").expect("stdout is open")
    }

    /// The links that `parlor dev` prints: of two users and an administrator.
    pub async fn links(&mut self) -> [String; 3] {
        let mut links = Vec::new();
        while links.len() < 3 {
            let line = self.next_stdout_line().await;
            if line.contains("#token=") {
                links.push(line);
            }
        }
        links.try_into().expect("they are three")
    }

    pub fn stderr(&self) -> String {
        stderr_of(&self.home)
    }

    /// Where the server keeps its data when nothing else is said.
    pub fn data_dir(&self) -> PathBuf {
        self.home.path().join("data")
    }

    /// Changes the database of a server that is down.
    pub fn execute(&self, statement: &str) {
        use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
        if let Some(database) = &self.database {
            database.query(statement);
            return;
        }
        let path = self.data_dir().join("parlor.db");
        let path = path.to_str().expect("a path is text");
        let mut conn = SqliteConnection::establish(path).expect("it can be opened");
        conn.batch_execute(statement).expect(statement);
    }

    /// Somebody without a token.
    pub fn nobody(&self) -> User {
        User::new(self.address.clone(), "", None)
    }

    /// A user with a token, whom the server has seen.
    pub async fn user(&self, id: &str) -> User {
        self.user_with(id, Token::of(id)).await
    }

    pub async fn user_with(&self, id: &str, token: Token) -> User {
        let user = User::new(self.address.clone(), id, Some(token.text()));
        user.get("/me").await.expect(200);
        user
    }

    /// The memory that is resident, in bytes.
    pub fn resident_bytes(&self) -> u64 {
        self.memory("VmRSS:")
    }

    /// The most that ever was resident, in bytes.
    pub fn peak_bytes(&self) -> u64 {
        self.memory("VmHWM:")
    }

    fn memory(&self, which: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid()));
        let status = status.expect("the server runs");
        let line = status.lines().find_map(|line| line.strip_prefix(which));
        let kib = line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
        kib.expect(which) * 1024
    }

    pub fn pid(&self) -> libc::pid_t {
        let pid = self.process.child.id().expect("the server runs");
        libc::pid_t::try_from(pid).expect("a pid is small")
    }

    /// Asks the server to stop; [`exit_code`](Self::exit_code) waits for it.
    pub fn signal(&self, signal: libc::c_int) {
        assert!(super::signal(self.pid(), signal), "the server can be signalled");
    }

    /// Waits for the end; `None` if a signal ended it.
    pub async fn exit_code(&mut self) -> Option<i32> {
        let status = within("the server's end", self.process.child.wait()).await;
        status.expect("the server can be waited for").code()
    }

    /// Stops the server in the orderly way.
    pub async fn terminate(&mut self) -> Option<i32> {
        self.signal(libc::SIGTERM);
        self.exit_code().await
    }

    /// Ends the server without any warning.
    pub async fn kill9(&mut self) {
        self.signal(libc::SIGKILL);
        assert_eq!(self.exit_code().await, None);
    }

    /// Starts a server that has ended again, on the same data.
    pub async fn start_again(&mut self) {
        let (process, port) = launch(&self.home, self.args, &self.settings).await;
        self.process = process;
        self.own.moved_to(port);
    }

    /// Sets a variable from the next start on.
    pub fn set(&mut self, name: &str, value: &str) {
        self.settings.retain(|(other, _)| other != name);
        self.settings.push((name.to_owned(), value.to_owned()));
    }

    /// Waits until the process has put a fresh one in its own place, which
    /// listens elsewhere.
    pub async fn started_anew(&mut self) {
        loop {
            let line = self.next_stdout_line().await;
            if let Some(port) = port_of(&line) {
                return self.own.moved_to(port);
            }
        }
    }

    pub async fn restart(&mut self) {
        assert_eq!(self.terminate().await, Some(0));
        self.start_again().await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- the server's stderr ---\n{}", self.stderr());
        }
    }
}

/// What a command left behind.
#[derive(Debug)]
pub struct Finished {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Finished {
    /// Ended with `code`, and said why in one line that contains `word`.
    pub fn refused(&self, code: i32, word: &str) {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert_eq!(self.stderr.trim_end().lines().count(), 1, "one line: {self:?}");
        assert!(self.stderr.contains(word), "{word:?} is named: {self:?}");
        assert_eq!(self.stdout, "", "{self:?}");
    }
}

/// Starts the executable in `home`, and says nothing of it; killed when dropped.
pub fn spawn(home: &TempDir, args: &[&str]) -> Child {
    let mut command = command();
    command.current_dir(home.path()).args(args).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("it can be started")
}

/// Runs the executable in `home` until it ends by itself.
pub async fn run_with(home: &TempDir, args: &[&str], settings: &[(&str, &str)]) -> Finished {
    let running =
        command().current_dir(home.path()).args(args).envs(settings.iter().copied()).output();
    let output = within("the command's end", running).await.expect("it can be started");
    let text = |bytes| String::from_utf8(bytes).expect("output is text");
    Finished {
        code: output.status.code(),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

/// The same in a directory of its own.
pub async fn run(args: &[&str]) -> Finished {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    run_with(&home, args, &[]).await
}
