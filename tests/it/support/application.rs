//! An application that keeps its data in Parlor's PostgreSQL: a role of its own, and
//! a connection that stays open between two statements.

use std::process::Stdio;

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

use super::{TestDatabase, within};

pub struct Application {
    process: Child,
    to: ChildStdin,
    from: Lines<BufReader<ChildStdout>>,
}

impl Application {
    /// A role that may call the two functions and keep its own tasks, and nothing else.
    pub fn role(database: &TestDatabase) -> String {
        let role = format!("app_{:016x}", rand::random::<u64>());
        database.query(&format!(
            "CREATE ROLE {role} LOGIN;
             GRANT EXECUTE ON FUNCTION parlor_publish, parlor_send TO {role};
             CREATE SCHEMA {role} AUTHORIZATION {role};
             CREATE TABLE {role}.tasks (title TEXT)"
        ));
        database.query(&format!("ALTER TABLE {role}.tasks OWNER TO {role}"));
        role
    }

    pub fn connect(database: &TestDatabase, role: &str) -> Self {
        let mut process = Command::new("psql")
            .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align"])
            .args(["--set=ON_ERROR_STOP=1", &database.url_of(role)])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("psql can be started");
        let to = process.stdin.take().expect("it is piped");
        let from = BufReader::new(process.stdout.take().expect("it is piped")).lines();
        Self { process, to, from }
    }

    /// Runs statements, and gives what they say when the last one is done.
    pub async fn run(&mut self, statements: &str) -> String {
        const DONE: &str = "that was all";
        let text = format!("{statements};\n\\echo {DONE}\n");
        self.to.write_all(text.as_bytes()).await.expect("psql runs");
        let mut said = Vec::new();
        loop {
            let line = within(statements, self.from.next_line()).await.expect("a text");
            match line.unwrap_or_else(|| panic!("psql ended in {statements}")) {
                line if line == DONE => return said.join("\n"),
                line => said.push(line),
            }
        }
    }

    /// Ends it without any warning, whatever it has begun.
    pub async fn kill9(mut self) {
        self.process.kill().await.expect("it runs");
    }
}
