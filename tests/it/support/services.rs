//! A Redis, a PostgreSQL and a pooler of one's own, for tests that stop them.

use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};

use super::{
    Address, Certificate,
    database::{psql, until_psql_says},
    signal, within,
};

/// A port that nobody has, for a program that is still to be started. Not one of those
/// that the system gives to connections (from 32,768 on): it might be given away until
/// the program binds it.
pub async fn free_port() -> u16 {
    loop {
        let port = rand::random_range(10_000..32_000);
        if TcpListener::bind(("127.0.0.1", port)).await.is_ok() {
            return port;
        }
    }
}

pub(super) async fn reached(address: &Address) {
    let reaching = async {
        while TcpStream::connect(address.authority()).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    within("the service", reaching).await;
}

/// A Redis that keeps nothing: started again it is empty.
pub struct Redis {
    address: Address,
    home: TempDir,
    process: Option<Child>,
    /// It speaks TLS only, with this certificate.
    certificate: Option<Certificate>,
}

impl Redis {
    pub async fn start() -> Self {
        Self::start_with(|_| None).await
    }

    /// One that shows a certificate which only its own file vouches for.
    pub async fn start_with_tls() -> Self {
        Self::start_with(|home| Some(Certificate::make(home, "redis"))).await
    }

    async fn start_with(certificate: impl FnOnce(&Path) -> Option<Certificate>) -> Self {
        let home = tempfile::tempdir().expect("a directory");
        let certificate = certificate(home.path());
        let address = Address::new(free_port().await);
        let mut redis = Self { address, home, process: None, certificate };
        redis.start_again().await;
        redis
    }

    /// What the programs of Redis are told to reach it.
    pub fn arguments(&self) -> Vec<String> {
        let port = self.address.port().to_string();
        let mut arguments = vec!["-p".to_owned(), port];
        if let Some(certificate) = &self.certificate {
            arguments.extend([
                "--tls".to_owned(),
                "--cacert".to_owned(),
                certificate.chain.clone(),
            ]);
        }
        arguments
    }

    /// The file with its certificate.
    pub fn certificate(&self) -> &str {
        &self.certificate.as_ref().expect("it speaks TLS").chain
    }

    pub fn address(&self) -> &Address {
        &self.address
    }

    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().expect("it runs");
            process.wait().expect("it ends");
        }
    }

    pub async fn start_again(&mut self) {
        let port = self.address.port().to_string();
        let ports = match &self.certificate {
            None => vec!["--port", port.as_str()],
            Some(Certificate { chain, key, .. }) => vec![
                "--port",
                "0",
                "--tls-port",
                port.as_str(),
                "--tls-cert-file",
                chain,
                "--tls-key-file",
                key,
                "--tls-ca-cert-file",
                chain,
                "--tls-auth-clients",
                "no",
            ],
        };
        let process = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .args(ports)
            .arg("--dir")
            .arg(self.home.path())
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server is installed");
        self.process = Some(process);
        reached(&self.address).await;
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A cluster of PostgreSQL that can be stopped without stopping others'.
pub struct Postgres {
    address: Address,
    home: TempDir,
}

impl Postgres {
    async fn empty() -> Self {
        let home = tempfile::tempdir().expect("a directory");
        let postgres = Self { address: Address::new(free_port().await), home };
        if is_root() {
            postgres.run("chown", &["postgres", &postgres.home.path().to_string_lossy()], false);
        }
        postgres
    }

    pub async fn start() -> Self {
        let postgres = Self::empty().await;
        let data = postgres.data();
        let initdb = bin("initdb");
        postgres.run(&initdb, &["-D", &data, "-U", "postgres", "-A", "trust", "-E", "UTF8"], true);
        postgres.start_again().await;
        postgres
    }

    /// A copy of it that follows it, and only reads until it is promoted.
    pub async fn standby(&self) -> Self {
        let standby = Self::empty().await;
        standby.copy_from(self).await;
        standby
    }

    async fn copy_from(&self, primary: &Self) {
        let (port, data) = (primary.address.port().to_string(), self.data());
        let from = ["--host=127.0.0.1", "--username=postgres", "--port", &port];
        let to = ["--pgdata", &data, "--write-recovery-conf", "--checkpoint=fast"];
        self.run(&bin("pg_basebackup"), &[from, to].concat(), true);
        self.start_again().await;
    }

    /// Commits nothing any more that its standby does not have.
    pub async fn wait_for_standby(&self) {
        self.query("ALTER SYSTEM SET synchronous_standby_names = '*'");
        self.query("SELECT pg_reload_conf()");
        self.says("SELECT sync_state FROM pg_stat_replication", "sync").await;
    }

    /// Comes back as a standby of another one, with what that one has.
    pub async fn follow(&self, other: &Self) {
        self.run("rm", &["-r", &self.data()], false);
        self.copy_from(other).await;
    }

    /// Runs a statement in it; gives what it says, without decoration.
    pub fn query(&self, statement: &str) -> String {
        psql(&self.url(), statement)
    }

    /// Waits until it answers a query so.
    pub async fn says(&self, query: &str, wanted: &str) {
        until_psql_says(&self.url(), query, wanted).await;
    }

    pub fn promote(&self) {
        self.run(&bin("pg_ctl"), &["-D", &self.data(), "-w", "promote"], true);
    }

    fn data(&self) -> String {
        self.home.path().join("pg").to_string_lossy().into_owned()
    }

    pub fn address(&self) -> &Address {
        &self.address
    }

    pub fn url(&self) -> String {
        format!("postgres://postgres@{}/postgres", self.address.authority())
    }

    /// As if the machine had lost its power, but for what was synced.
    pub fn kill(&self) {
        self.run(&bin("pg_ctl"), &["-D", &self.data(), "-m", "immediate", "-w", "stop"], true);
    }

    /// Starts it anew with TLS: `files` by the settings that name them, and who
    /// may come in, as lines of `pg_hba.conf`.
    pub async fn start_with_tls(&self, files: &[(&str, &str)], who: &str) {
        self.kill();
        self.write("pg/pg_hba.conf", who);
        let setting = |(name, text): &(&str, &str)| {
            let path = self.write(name, text);
            format!(" -c {name}={path}")
        };
        let settings: String = files.iter().map(setting).collect();
        self.start_with(&format!("-c ssl=on{settings}")).await;
    }

    /// A file that PostgreSQL can read, and nobody else.
    fn write(&self, name: &str, text: &str) -> String {
        let path = self.home.path().join(name);
        std::fs::write(&path, text).expect("it can be written");
        let path = path.to_string_lossy().into_owned();
        self.run("chmod", &["600", &path], false);
        if is_root() {
            self.run("chown", &["postgres", &path], false);
        }
        path
    }

    /// Starts it so that it recovers what it has, as after a restore to a
    /// point in time, and goes on in another timeline.
    pub async fn recover(&self) {
        let signal = self.home.path().join("pg/recovery.signal");
        self.run("touch", &[&signal.to_string_lossy()], true);
        self.start_with("-c restore_command=/bin/false").await;
    }

    /// A copy of its directory, made while it is down for a moment.
    pub async fn snapshot(&self) -> String {
        let kept = self.home.path().join("kept").to_string_lossy().into_owned();
        self.kill();
        self.run("cp", &["-a", &self.data(), &kept], false);
        self.start_again().await;
        kept
    }

    /// Starts it on such a copy.
    pub async fn put_back(&self, kept: &str) {
        self.run("rm", &["-r", &self.data()], false);
        self.run("mv", &[kept, &self.data()], false);
        self.start_again().await;
    }

    pub async fn start_again(&self) {
        self.start_with("").await;
    }

    async fn start_with(&self, more: &str) {
        let options = format!(
            "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories={} \
             -c max_connections=200 {more}",
            self.address.port(),
            self.home.path().display()
        );
        let log = self.home.path().join("pg.log");
        let (data, log) = (self.data(), log.to_string_lossy().into_owned());
        self.run(&bin("pg_ctl"), &["-D", &data, "-l", &log, "-w", "-o", &options, "start"], true);
        reached(&self.address).await;
    }

    fn run(&self, program: &str, args: &[&str], as_postgres: bool) {
        let mut command = if as_postgres && is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--", program]);
            command
        } else {
            Command::new(program)
        };
        let status =
            command.args(args).current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).status();
        assert!(status.expect("it can be started").success(), "{program} {args:?}");
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let pid = std::fs::read_to_string(self.home.path().join("pg/postmaster.pid"));
        if let Some(pid) = pid.ok().and_then(|text| text.lines().next()?.parse().ok()) {
            // That of the server in our own directory.
            signal(pid, libc::SIGQUIT);
        }
    }
}

/// A PgBouncer in front of a PostgreSQL.
pub struct PgBouncer {
    address: Address,
    process: Child,
    _home: TempDir,
}

impl PgBouncer {
    /// `more` are lines of its settings.
    pub async fn in_front_of(server: &Address, mode: &str, more: &str) -> Self {
        let home = tempfile::tempdir().expect("a directory");
        let address = Address::new(free_port().await);
        let settings = format!(
            "[databases]\n* = host=127.0.0.1 port={} user=postgres\n[pgbouncer]\n\
             listen_addr = 127.0.0.1\nlisten_port = {}\nunix_socket_dir =\nauth_type = any\n\
             pool_mode = {mode}\n{more}\n",
            server.port(),
            address.port(),
        );
        let path = home.path().join("pgbouncer.ini");
        std::fs::write(&path, settings).expect("it can be written");
        let readable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(home.path(), readable).expect("it is ours");
        let mut command = Command::new("pgbouncer");
        if is_root() {
            command.args(["-u", "postgres"]);
        }
        let process = command.arg("-q").arg(&path).stderr(Stdio::null()).spawn();
        let process = process.expect("pgbouncer is installed");
        reached(&address).await;
        Self { address, process, _home: home }
    }

    pub fn address(&self) -> &Address {
        &self.address
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        self.process.kill().expect("it runs");
        self.process.wait().expect("it ends");
    }
}

#[expect(unsafe_code, reason = "geteuid(2)")]
fn is_root() -> bool {
    // SAFETY: it only reads.
    unsafe { libc::geteuid() == 0 }
}

fn bin(name: &str) -> String {
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> =
        installed.map(|version| version.path().join("bin").join(name)).collect();
    paths.retain(|path| path.is_file());
    paths.sort();
    paths.pop().map_or_else(|| name.to_owned(), |path| path.to_string_lossy().into_owned())
}
