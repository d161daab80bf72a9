//! A database of one's own in the PostgreSQL that `PARLOR_TEST_POSTGRES`
//! names (`scripts/with-services` starts one).

use std::process::{Command, Output, Stdio};

use super::{Address, within};

/// Made for one server, dropped with it.
pub struct TestDatabase {
    server: String,
    name: String,
}

impl TestDatabase {
    /// The database that this run of the tests is on: `None` for SQLite, one
    /// of PostgreSQL where `PARLOR_TEST_DATABASE` is `postgres`.
    pub fn of_this_run() -> Option<Self> {
        match std::env::var("PARLOR_TEST_DATABASE").as_deref() {
            Err(_) | Ok("sqlite") => None,
            Ok("postgres") => Some(Self::new()),
            Ok(other) => panic!("PARLOR_TEST_DATABASE is sqlite or postgres, not {other:?}"),
        }
    }

    /// Whether this run's servers have files.
    pub fn is_file() -> bool {
        std::env::var("PARLOR_TEST_DATABASE").map_or(true, |name| name != "postgres")
    }

    /// # Panics
    /// Where no PostgreSQL is named.
    pub fn new() -> Self {
        let url = std::env::var("PARLOR_TEST_POSTGRES")
            .expect("PARLOR_TEST_POSTGRES names a PostgreSQL: run scripts/with-services");
        Self::in_server(&url)
    }

    /// Where its server listens, and what it is called there.
    pub fn host_and_name(&self) -> (Address, String) {
        let port = self.server.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        (Address::new(port.expect("a URL with a port")), self.name.clone())
    }

    /// One in another server.
    pub fn in_server(url: &str) -> Self {
        let (server, _) = url.rsplit_once('/').expect("a URL with a database");
        let name = format!("it_{:016x}", rand::random::<u64>());
        let database = Self { server: server.to_owned(), name };
        database.administer(&format!("CREATE DATABASE {}", database.name));
        database
    }

    pub fn url(&self) -> String {
        format!("{}/{}", self.server, self.name)
    }

    /// Runs a statement in it; gives what it says, without decoration.
    pub fn query(&self, statement: &str) -> String {
        psql(&self.url(), statement)
    }

    /// Waits until it answers a query so.
    pub async fn says(&self, query: &str, wanted: &str) {
        until_psql_says(&self.url(), query, wanted).await;
    }

    /// The same as somebody else.
    pub fn url_of(&self, role: &str) -> String {
        self.url().replace("postgres@", &format!("{role}@"))
    }

    /// What is said of a statement of somebody's that is refused, with its SQLSTATE.
    pub fn refused(&self, role: &str, statement: &str) -> String {
        let output = psql_output(&self.url_of(role), statement);
        assert!(!output.status.success(), "{statement} is refused: {output:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// New sessions may not write any more, or may again; those that are open
    /// go on as they began.
    pub fn let_write(&self, may: bool) {
        let value = if may { "off" } else { "on" };
        self.administer(&format!(
            "ALTER DATABASE {} SET default_transaction_read_only = {value}",
            self.name
        ));
    }

    /// Ends what is connected to it.
    pub fn disconnect(&self) {
        self.administer(&format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'",
            self.name
        ));
    }

    fn administer(&self, statement: &str) {
        psql(&format!("{}/postgres", self.server), statement);
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        // Its server may be gone already.
        let statement = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let _ = psql_output(&format!("{}/postgres", self.server), &statement);
    }
}

pub(super) fn psql(url: &str, statement: &str) -> String {
    let output = psql_output(url, statement);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{statement}: {error}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// The server's way to the database may be in this process: it gets its turn.
pub(super) async fn until_psql_says(url: &str, query: &str, wanted: &str) {
    let saying = async {
        while psql(url, query) != wanted {
            tokio::task::yield_now().await;
        }
    };
    within(query, saying).await;
}

fn psql_output(url: &str, statement: &str) -> Output {
    Command::new("psql")
        .args([
            "--no-psqlrc",
            "--quiet",
            "--tuples-only",
            "--no-align",
            "--set=VERBOSITY=verbose",
            "--command",
            statement,
            url,
        ])
        .stdin(Stdio::null())
        .output()
        .expect("psql can be started")
}
