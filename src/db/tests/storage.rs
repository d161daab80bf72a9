//! The database file, its writer and its tokens.

use super::*;

#[test]
fn a_refresh_token_works_once_and_a_second_use_ends_its_family() {
    let bench = Bench::new();
    let ann = bench.user("ann");
    let token = |byte: u8| NewRefreshToken {
        hash: [byte; 32],
        expires_at: Timestamp(AT.0 + 100),
        created_at: AT,
    };
    bench.one(Write::RefreshStart { user: ann.key, token: token(1) }).expect("started");
    let rotate = |from: u8, to: u8, at| {
        bench.one(Write::RefreshRotate { hash: [from; 32], next: token(to), at })
    };
    assert!(rotate(1, 2, AT).is_ok());
    assert!(rotate(2, 3, AT).is_ok());
    assert_eq!(rotate(1, 4, AT).err(), Some(WriteError::RefreshRefused), "used");
    assert_eq!(rotate(3, 5, AT).err(), Some(WriteError::RefreshRefused), "its family has ended");
    bench.one(Write::RefreshStart { user: ann.key, token: token(6) }).expect("started");
    let late = Timestamp(AT.0 + 100);
    assert_eq!(rotate(6, 7, late).err(), Some(WriteError::RefreshRefused), "expired");
    assert_eq!(rotate(9, 8, AT).err(), Some(WriteError::RefreshRefused), "unknown");
}

#[test]
fn a_database_of_a_newer_version_is_refused() {
    let bench = Bench::new();
    bench.run("INSERT INTO __diesel_schema_migrations (version) VALUES ('99999999999999')");
    assert!(matches!(migrate(&bench.url), Err(OpenError::Newer { .. })));
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
