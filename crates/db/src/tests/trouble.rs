//! A database in trouble: what does not answer, what ends, what fails.

use std::{
    net::TcpListener,
    sync::{Arc, Barrier},
    time::Instant,
};

use diesel::connection::SimpleConnection;

use super::*;
use crate::samples::database::beside;
use parlor_domain::limits::{POSTGRES_CONNECT_TIMEOUT, POSTGRES_RESPONSE_TIMEOUT};

/// Runs a statement, and then waits for others that do.
#[derive(Debug)]
struct Run {
    sql: &'static str,
    together: Arc<Barrier>,
}

impl Run {
    fn alone(sql: &'static str) -> Self {
        Self { sql, together: Arc::new(Barrier::new(1)) }
    }
}

impl Write for Run {
    type Outcome = ();

    fn concerns(&self) -> Vec<Concern> {
        Vec::new()
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<()> {
        match conn {
            Conn::Sqlite(conn) => conn.batch_execute(self.sql)?,
            Conn::Postgres(conn) => conn.batch_execute(self.sql)?,
        }
        self.together.wait();
        Ok(())
    }

    fn effects(&self, (): &(), _: &mut Effects) {}
}

/// Runs a statement on so many connections, which are idle then.
fn run_on_each(bench: &Bench, connections: usize, sql: &'static str) {
    let together = Arc::new(Barrier::new(connections));
    std::thread::scope(|scope| {
        for _ in 0..connections {
            let write = Run { sql, together: together.clone() };
            scope.spawn(|| bench.one(write).expect("it runs"));
        }
    });
}

/// Such as one behind which a firewall drops what it is sent.
#[test]
fn a_host_that_never_answers_leaves_time_for_the_next_one() {
    let bench = Bench::new();
    let DatabaseUrl::Postgres(server) = &bench.url else { return };
    let silent = TcpListener::bind("127.0.0.1:0").expect("bound");
    let silent = silent.local_addr().expect("an address");
    let shown = server.to_string();
    let hosts = shown.strip_prefix("postgres://").expect("a URL");
    let both = format!("postgres://postgres@{silent},{hosts}").parse().expect("a good URL");
    let began = Instant::now();
    on_a_thread(|| drop(beside(&both)));
    assert!(began.elapsed() < POSTGRES_CONNECT_TIMEOUT, "{:?}", began.elapsed());
}

/// As after a restart of the server.
#[test]
fn no_write_fails_on_a_connection_that_ended_while_it_was_idle() {
    let bench = Bench::new();
    let DatabaseUrl::Postgres(server) = &bench.url else { return };
    run_on_each(&bench, 3, "SELECT 1");
    on_a_thread(|| {
        let mut other = beside(server);
        let others = "pg_stat_activity WHERE datname = current_database() \
                      AND pid <> pg_backend_pid() AND backend_type = 'client backend'";
        let end = format!(
            "DO $$ BEGIN PERFORM pg_terminate_backend(pid) FROM {others};
            WHILE EXISTS (SELECT 1 FROM {others}) LOOP
                PERFORM pg_stat_clear_snapshot();
            END LOOP; END $$"
        );
        other.batch_execute(&end).expect("they end");
    });
    let failed = [0; 3].map(|_| bench.one(Run::alone("SELECT 1")).is_err());
    assert_eq!(failed, [false; 3]);
}

#[test]
fn what_is_wrong_with_one_idle_connection_fails_no_write_on_the_others() {
    let bench = Bench::new();
    if bench.url.file().is_some() {
        return;
    }
    run_on_each(&bench, 3, "SET default_transaction_read_only = on");
    let touch = "UPDATE life SET witness = witness";
    let failed = [0; 3].map(|_| bench.one(Run::alone(touch)).is_err());
    assert_eq!(failed, [true, false, false]);
}

#[test]
fn who_migrates_may_take_longer_than_any_other_answer() {
    let bench = Bench::new();
    let DatabaseUrl::Postgres(server) = &bench.url else { return };
    let locked = Barrier::new(2);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut first = beside(server);
            first
                .batch_execute("SET statement_timeout = 0; SELECT pg_advisory_lock(7232421)")
                .expect("locked");
            locked.wait();
            let longer = POSTGRES_RESPONSE_TIMEOUT.as_secs_f64() + 0.5;
            first.batch_execute(&format!("SELECT pg_sleep({longer})")).expect("it sleeps");
        });
        locked.wait();
        assert!(bring_up_to_date(&bench.url).is_ok());
    });
}

#[actix::test]
async fn a_write_that_fails_says_nothing_of_the_others() {
    let bench = Bench::new();
    let writer = bench.database.writer(4, OutboxTargets::default()).start();
    found_well(&writer).await;
    assert!(submit(&writer, Run::alone("SELECT * FROM nowhere")).await.is_err());
    assert!(goes_through(&writer).await, "it was that one's fault");
}

#[actix::test]
async fn while_a_write_hangs_the_last_answer_is_given() {
    let bench = Bench::new();
    let writer = bench.database.writer(4, OutboxTargets::default()).start();
    found_well(&writer).await;
    assert!(submit(&writer, Run::alone("SELECT * FROM nowhere")).await.is_err());
    let together = Arc::new(Barrier::new(2));
    let hanging = Run { sql: "SELECT 1", together: together.clone() };
    let (answer, answered) = oneshot::channel();
    writer.do_send(Submit { write: hanging.queued(), reply: Reply::Once(answer) });
    let all = futures_util::future::join_all((0..100).map(|_| goes_through(&writer)));
    let all = timeout(Duration::from_secs(2), all).await;
    together.wait();
    assert_eq!(all.expect("in time"), [true; 100]);
    assert!(answered.await.expect("an answer").is_ok());
}
