//! The database file, its writer and its tokens.

use super::*;

#[test]
fn a_database_of_a_newer_version_is_refused() {
    let bench = Bench::new();
    bench.run("INSERT INTO __diesel_schema_migrations (version) VALUES ('99999999999999')");
    assert!(matches!(bring_up_to_date(&bench.url), Err(OpenError::Newer { .. })));
}

#[actix_web::test]
async fn what_is_past_the_bound_is_refused_at_once_and_the_rest_is_stored() {
    let mut bench = Bench::new();
    let ann = bench.user("ann");
    let room = bench.room("r", &ann);
    let writer = bench.database.writer(4, OutboxTargets::default()).start();
    let mut answers = Vec::new();
    for _ in 0..20 {
        let (answer, answered) = oneshot::channel();
        let write = bench.message(room.key, &ann, None);
        writer.do_send(Submit { write, reply: Reply::Once(answer) });
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
