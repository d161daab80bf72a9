//! Messages: numbered, stored once, found again.

use diesel::{QueryableByName, RunQueryDsl, sql_types::Text};

use super::*;
use crate::writers::Writers;

#[actix::test]
async fn repeats_take_no_number_in_one_batch_and_across_batches() {
    let mut bench = Bench::new();
    let (ann, ben) = (bench.user("ann"), bench.user("ben"));
    let room = bench.room("r", &ann);
    bench.add(&room, &ben).expect("added");
    let first = vec![
        bench.message(room.key, &ann, Some("a")),
        bench.message(room.key, &ann, Some("a")),
        bench.message(room.key, &ben, Some("a")),
        bench.message(room.key, &ann, None),
    ];
    let results = bench.messages(first);
    assert_eq!(positions(&results), [(1, false), (1, true), (2, false), (3, false)]);
    let second = vec![
        bench.message(room.key, &ann, Some("b")),
        bench.message(room.key, &ben, Some("a")),
        bench.message(room.key, &ann, Some("c")),
        bench.message(room.key, &ann, Some("b")),
    ];
    let again = bench.messages(second);
    assert_eq!(positions(&again), [(4, false), (2, true), (5, false), (4, true)]);
    assert_eq!(stored(&again[1]).id, stored(&results[2]).id, "the first ack is given again");
    assert_eq!(bench.seqs(&room).await, [1, 2, 3, 4, 5]);
}

#[actix::test]
async fn a_client_id_belongs_to_one_room() {
    let mut bench = Bench::new();
    let ann = bench.user("ann");
    let (here, there) = (bench.room("here", &ann), bench.room("there", &ann));
    let together =
        vec![bench.message(here.key, &ann, Some("a")), bench.message(there.key, &ann, Some("a"))];
    assert_eq!(bench.messages(together)[1].clone().err(), Some(WriteError::ClientIdElsewhere));
    let later = bench.message(there.key, &ann, Some("a"));
    assert_eq!(bench.one(later).err(), Some(WriteError::ClientIdElsewhere));
    assert!(bench.seqs(&there).await.is_empty());
}

#[actix::test]
async fn a_refused_message_leaves_its_client_id_free_for_another_room() {
    let mut bench = Bench::new();
    let ann = bench.user("ann");
    let room = bench.room("r", &ann);
    let together = vec![
        bench.message(RoomKey(404), &ann, Some("a")),
        bench.message(room.key, &ann, Some("a")),
    ];
    let results = bench.messages(together);
    assert_eq!(results[0].clone().err(), Some(WriteError::NoSuchRoom));
    assert_eq!(stored(&results[1]).seq, Seq(1));
}

#[actix::test]
async fn one_bad_row_does_not_fail_its_neighbours() {
    let mut bench = Bench::new();
    let ann = bench.user("ann");
    let room = bench.room("r", &ann);
    let good = bench.message(room.key, &ann, None);
    let nowhere = bench.message(RoomKey(404), &ann, None);
    // The same id twice is no fault that a rule foresees: the batch fails and
    // is tried one by one.
    let twice = good.clone();
    let last = bench.message(room.key, &ann, None);
    let results = bench.messages(vec![good, nowhere, twice, last]);
    assert_eq!(stored(&results[0]).seq, Seq(1));
    assert_eq!(results[1].clone().err(), Some(WriteError::NoSuchRoom));
    assert_eq!(results[2].clone().err(), Some(WriteError::Database));
    assert_eq!(stored(&results[3]).seq, Seq(2));
    assert_eq!(bench.seqs(&room).await, [1, 2]);
}

#[actix::test]
async fn a_replay_is_complete_up_to_where_it_says() {
    let mut bench = Bench::new();
    let ann = bench.user("ann");
    let room = bench.room("r", &ann);
    bench.say(&room, &ann, 5);
    let replay = |since, limit| bench.database.reader.replay(room.key, Seq(since), limit);
    let page = replay(1, 2).await.expect("read");
    assert_eq!((page.missed.len(), page.upto, page.bounds.last), (2, Seq(3), Seq(5)));
    let rest = replay(3, 10).await.expect("read");
    assert_eq!((rest.missed.len(), rest.upto), (2, Seq(5)));
    let none = replay(5, 10).await.expect("read");
    assert_eq!((none.missed.len(), none.upto), (0, Seq(5)));
}

#[test]
fn history_and_repeats_are_found_by_index() {
    #[derive(QueryableByName)]
    struct Step {
        #[diesel(sql_type = Text)]
        detail: String,
    }
    let bench = Bench::new();
    // The same indexes are there on PostgreSQL, whose plans depend on how much
    // there is.
    let Writers::Sqlite { writes, .. } = &bench.database.writers else { return };
    let mut conn = writes.get().expect("a connection");
    for (query, index) in [
        (
            "SELECT * FROM messages WHERE room_key = 1 AND seq < 9 ORDER BY seq DESC",
            "messages_room",
        ),
        ("SELECT id FROM messages WHERE sender_key = 1 AND client_id = 'a'", "messages_client_id"),
        ("SELECT room_key FROM members WHERE user_key = 1", "members_user"),
        (
            "SELECT id FROM messages WHERE room_key = 1 AND changed_seq > 5 AND changed_seq <= 9 \
             AND changed_seq > seq ORDER BY changed_seq",
            "messages_changed",
        ),
        (
            "SELECT id FROM messages WHERE thread_id = 1 AND deleted_at IS NULL \
             ORDER BY seq DESC LIMIT 1",
            "messages_replies",
        ),
        (
            "SELECT id FROM messages WHERE room_key = 1 AND pinned_at IS NOT NULL \
             ORDER BY pinned_at DESC",
            "messages_pinned",
        ),
        ("DELETE FROM mentions WHERE message_id = 1", "mentions_message"),
        ("SELECT emoji FROM reactions WHERE user_key = 1 LIMIT 9", "reactions_user"),
    ] {
        let plan = diesel::sql_query(format!("EXPLAIN QUERY PLAN {query}"))
            .load::<Step>(&mut *conn)
            .expect("a plan");
        let plan: Vec<&str> = plan.iter().map(|step| step.detail.as_str()).collect();
        assert!(plan.iter().any(|step| step.contains(index)), "{query}: {plan:?}");
        assert!(!plan.iter().any(|step| step.contains("SCAN")), "{query}: {plan:?}");
    }
}

/// Where other nodes may change members, senders are looked up: each in the
/// room they write to.
#[test]
fn a_sender_is_a_member_of_the_room_and_not_of_one_in_the_same_batch() {
    if !samples::database::is_postgres() {
        return;
    }
    let mut bench = Bench::new();
    let (ann, ben) = (bench.user("ann"), bench.user("ben"));
    let (of_ann, of_ben) = (bench.room("a", &ann), bench.room("b", &ben));
    let places = [(&of_ann, &ann), (&of_ben, &ben), (&of_ben, &ann), (&of_ann, &ben)];
    let batch = places.map(|(room, sender)| bench.message(room.key, sender, None));
    let results = bench.messages(batch.to_vec());
    assert_eq!(positions(&results[..2]), [(1, false), (1, false)]);
    let stranger = WriteError::Denied(Denied::Stranger);
    assert!(results[2..].iter().all(|result| result.as_ref().err() == Some(&stranger)));
}

#[actix::test]
async fn a_batch_in_which_each_message_meets_with_something_else_gives_each_its_own() {
    let mut bench = Bench::new();
    let (ann, ben) = (bench.user("ann"), bench.user("ben"));
    let (room, gone) = (bench.room("r", &ann), bench.room("gone", &ann));
    bench.one(DeleteRoom { room: gone.key }).expect("deleted");
    let before = bench.message(room.key, &ann, Some("a"));
    assert_eq!(stored(&bench.messages(vec![before.clone()])[0]).seq, Seq(1));
    let batch = vec![
        bench.message(room.key, &ann, None),
        // Ben is no member.
        bench.message(room.key, &ben, None),
        bench.message(room.key, &ann, Some("a")),
        bench.message(gone.key, &ann, None),
        NewMessage { by_admin: true, ..bench.message(room.key, &ben, Some("a")) },
        NewMessage { by_admin: true, ..bench.message(gone.key, &ben, None) },
        bench.message(room.key, &ann, None),
    ];
    let ids: Vec<MessageId> = batch.iter().map(|message| message.id).collect();
    let results = bench.messages(batch);
    let good: Vec<&Stored> = [0, 2, 4, 6].map(|at| &results[at]).into();
    let at =
        |id, seq, duplicate| Ok(StoredMessage { id, seq: Seq(seq), created_at: AT, duplicate });
    // On one node the ChatServer has decided before who is a member.
    let is_shared = matches!(bench.database.writers, Writers::Postgres { .. });
    let next = |seq| if is_shared { seq } else { seq + 1 };
    assert_eq!(good[0], &at(ids[0], 2, false));
    assert_eq!(good[1], &at(before.id, 1, true));
    assert_eq!(good[2], &at(ids[4], next(3), false));
    assert_eq!(good[3], &at(ids[6], next(4), false));
    if is_shared {
        assert_eq!(results[1], Err(WriteError::Denied(Denied::Stranger)));
    }
    for at in [3, 5] {
        assert_eq!(results[at], Err(WriteError::NoSuchRoom));
    }
    let expected: Vec<i64> = (1..=next(4)).collect();
    assert_eq!(bench.seqs(&room).await, expected, "no gap");
}

/// The function that stores messages at once knows the common cases; all of them
/// are decided as the rule says.
#[test]
fn who_may_write_is_decided_as_the_rule_says_however_they_stand() {
    let mut bench = Bench::new();
    // On one node the ChatServer has decided before.
    let Writers::Postgres { pool, .. } = bench.database.writers.clone() else { return };
    let ann = bench.user("ann");
    let room = bench.room("r", &ann);
    for kind in RoomKind::ALL {
        for role in Role::ALL {
            for odd in 0..32 {
                let is = |bit: u32| odd & (1 << bit) != 0;
                let muted_until = match (is(0), is(1)) {
                    (false, _) => None,
                    (true, past) => Some(Timestamp(AT.0 + i64::from(!past))),
                };
                let standing = Standing { role, muted_until, blocked: is(2), peer_deleted: is(3) };
                let rules = RoomRules { frozen: is(4), ..RoomRules::default() };
                let until = muted_until.map_or("NULL".to_owned(), |until| until.0.to_string());
                let frozen = if is(4) { "'{\"frozen\":true}'" } else { "NULL" };
                let (blocked, peer_deleted) = (standing.blocked, standing.peer_deleted);
                let sql = format!(
                    "WITH r AS (UPDATE rooms SET kind = '{}', rules = {frozen} WHERE key = {})
                     UPDATE members SET role = '{}', muted_until = {until}, blocked = {blocked},
                     peer_deleted = {peer_deleted} WHERE room_key = {}",
                    kind.as_str(),
                    room.key.0,
                    role.as_str(),
                    room.key.0,
                );
                on_a_thread(|| {
                    let mut conn = pool.get().expect("a connection");
                    diesel::sql_query(sql).execute(&mut conn.conn).expect("it stands so");
                });
                let message = bench.message(room.key, &ann, None);
                let expected = standing.may_write(kind, rules, AT).map_err(WriteError::Denied);
                let sent = bench.one(message).map(drop);
                assert_eq!(sent, expected, "{kind:?} {standing:?} {rules:?}");
            }
        }
    }
}
