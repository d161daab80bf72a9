//! The database file, its writer and its tokens.

use super::*;
use crate::OutboxResult;
use parlor_domain::limits::DEAD_LETTERS;

#[test]
fn a_database_of_a_newer_version_is_refused() {
    let bench = Bench::new();
    bench.run("INSERT INTO __diesel_schema_migrations (version) VALUES ('99999999999999')");
    assert!(matches!(bring_up_to_date(&bench.url), Err(OpenError::Newer { .. })));
}

#[test]
fn both_databases_have_the_same_migrations() {
    use crate::open::{postgres, sqlite};
    assert_eq!(sqlite::known_migrations(), postgres::known_migrations());
}

#[actix::test]
async fn what_is_past_the_bound_is_refused_at_once_and_the_rest_is_stored() {
    let mut bench = Bench::new();
    let ann = bench.user("ann");
    let room = bench.room("r", &ann);
    let writer = bench.database.writer(4, OutboxTargets::default()).start();
    let mut answers = Vec::new();
    for _ in 0..20 {
        let (answer, answered) = oneshot::channel();
        let write = bench.message(room.key, &ann, None);
        writer.do_send(Submit { write: write.queued(), reply: Reply::Once(answer) });
        answers.push(answered);
    }
    let mut stored = 0;
    for answered in answers {
        match answered.await.expect("an answer") {
            Ok(_) => stored += 1,
            Err(error) => assert_eq!(error, WriteError::Overloaded),
        }
    }
    assert!((4..20).contains(&stored), "{stored}");
    assert_eq!(bench.seqs(&room).await.len(), stored);
}

#[actix::test]
async fn whether_writes_go_through_is_found_out_where_nobody_writes() {
    let bench = Bench::new();
    let writer = || bench.database.writer(4, OutboxTargets::default()).start();
    let fresh = writer();
    found_well(&fresh).await;
    let all = futures_util::future::join_all((0..9).map(|_| goes_through(&fresh))).await;
    assert_eq!(all, [true; 9]);
    match bench.url.file() {
        Some(path) => std::fs::rename(path, path.with_extension("moved")).expect("moved"),
        None => bench.run("ALTER TABLE life RENAME TO elsewhere"),
    }
    assert!(!goes_through(&writer()).await);
}

/// As behind a pooler that hands each transaction to another session.
#[test]
fn a_connection_without_its_statements_is_made_anew() {
    let mut bench = Bench::new();
    let ann = bench.user("ann");
    let room = bench.room("r", &ann);
    bench.plain(&room, &ann);
    let is_postgres = bench.url.file().is_none();
    bench.run(if is_postgres { "DEALLOCATE ALL" } else { "SELECT 1" });
    let failed = [0; 2].map(|_| {
        let message = bench.message(room.key, &ann, None);
        bench.one(message).is_err()
    });
    assert_eq!(failed, [is_postgres, false]);
}

#[actix::test]
async fn dead_letters_of_one_receiver_push_out_none_of_another() {
    let bench = Bench::new();
    bench.run(&format!(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {DEAD_LETTERS})
         INSERT INTO outbox (target, lane, kind, at, next_at, dead)
         SELECT 'http://away', 'room 1', 'message.created', i, 0, TRUE FROM n"
    ));
    let add = |target: &str, dead: bool| {
        format!(
            "INSERT INTO outbox (target, lane, kind, at, next_at, dead)
             VALUES ('{target}', 'room 1', 'message.created', 1, 0, {dead})"
        )
    };
    bench.run(&add("http://well", true));
    bench.run(&add("http://away", false));
    let last = bench.count("outbox");
    let dead = OutboxResult::Dead { error: "it is away".to_owned() };
    bench.one(SettleOutbox(vec![(last, dead)])).expect("settled");
    assert_eq!(bench.count("outbox WHERE dead AND target = 'http://away'"), DEAD_LETTERS);
    assert_eq!(bench.count("outbox WHERE target = 'http://away' AND id = 1"), 0, "the oldest");
    assert_eq!(bench.count("outbox WHERE target = 'http://well'"), 1);
}

#[actix::test]
async fn what_waits_for_a_receiver_that_stays_away_is_bounded_the_oldest_goes() {
    let bench = Bench::new();
    for (target, count) in [("http://away", 5), ("http://well", 5)] {
        for number in 0..count {
            bench.run(&format!(
                "INSERT INTO outbox (target, lane, kind, at, next_at)
                 VALUES ('{target}', 'room {number}', 'message.created', {number}, 0)"
            ));
        }
    }
    let reader = &bench.database.reader;
    let beyond =
        async |keep, limit| reader.letters_beyond("http://away", keep, limit).await.expect("read");
    assert_eq!(beyond(5, 10).await, Vec::<i64>::new());
    assert_eq!(beyond(3, 10).await, [1, 2]);
    let oldest = beyond(1, 3).await;
    assert_eq!(oldest, [1, 2, 3], "as many as one step takes");
    let dead = |id| (id, OutboxResult::Dead { error: "too many waited".to_owned() });
    bench.one(SettleOutbox(oldest.into_iter().map(dead).collect())).expect("settled");
    assert_eq!(beyond(1, 3).await, [4]);
    assert_eq!(bench.count("outbox WHERE dead"), 3, "they can be replayed");
    assert_eq!(bench.count("outbox WHERE NOT dead AND target = 'http://well'"), 5);
}
