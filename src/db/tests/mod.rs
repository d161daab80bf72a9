//! The database's rules, on a real database file.

use std::sync::Arc;

use actix::Actor;
use diesel::{Connection, QueryableByName, RunQueryDsl, sql_types::Text};
use tempfile::TempDir;
use tokio::sync::oneshot;

use super::{
    Database, NewMessage, NewRefreshToken, NewRoom, OpenError, Reply, StoredMessage, Submit, Write,
    WriteError, WriteResult, Written, backend::Conn, batch, migrate,
};
use crate::{
    domain::{
        ClientId, HistoryCursor, MessageId, ReadTarget, Role, Room, RoomId, RoomKey, RoomKind, Seq,
        Timestamp, User, UserId, UserKey,
    },
    limits::PURGE_ROWS,
};

const AT: Timestamp = Timestamp(1_000);

struct Bench {
    dir: TempDir,
    database: Database,
    next_id: i64,
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let database = Database::open(&dir.path().join("test.db")).expect("it opens");
        Self { dir, database, next_id: 1 }
    }

    fn execute(&self, writes: &[Write]) -> Vec<WriteResult> {
        let mut conn = self.database.writers.get().expect("a connection");
        batch::execute(&mut conn, writes)
    }

    fn one(&self, write: Write) -> WriteResult {
        self.execute(&[write]).pop().expect("a result")
    }

    fn user(&self, id: &str) -> User {
        let write = Write::UserEnsure { id: UserId::from_stored(id), name: None, at: AT };
        match self.one(write) {
            Ok(Written::User(user)) => user,
            other => panic!("{other:?}"),
        }
    }

    fn create(&self, id: &str, owner: &User, rooms_max: i64) -> WriteResult {
        self.one(Write::RoomCreate(NewRoom {
            id: RoomId::from_stored(id),
            kind: RoomKind::Public,
            title: "".into(),
            topic: "".into(),
            custom: None,
            owner: owner.key,
            created_at: AT,
            rooms_max,
        }))
    }

    fn room(&self, id: &str, owner: &User) -> Room {
        match self.create(id, owner, 100) {
            Ok(Written::Room(room)) => room,
            other => panic!("{other:?}"),
        }
    }

    fn add(&self, room: &Room, user: &User) -> WriteResult {
        let (room, user) = (room.key, user.key);
        self.one(Write::MemberAdd {
            room,
            user,
            role: Role::Member,
            at: AT,
            rooms_max: 100,
            mark_read: false,
        })
    }

    fn message(&mut self, room: RoomKey, sender: &User, client_id: Option<&str>) -> Write {
        self.next_id += 1;
        Write::Message(NewMessage {
            id: MessageId(self.next_id),
            room,
            sender: sender.key,
            client_id: client_id.map(ClientId::from_stored),
            content: Arc::from("hi"),
            created_at: AT,
            extras: None,
        })
    }

    fn say(&mut self, room: &Room, sender: &User, count: usize) {
        let writes: Vec<_> = (0..count).map(|_| self.message(room.key, sender, None)).collect();
        assert!(self.execute(&writes).iter().all(Result::is_ok));
    }

    async fn seqs(&self, room: &Room) -> Vec<i64> {
        let page = self.database.reader.history(room.key, HistoryCursor::After(Seq(0)), 200).await;
        page.expect("read").messages.iter().map(|message| message.seq.0).collect()
    }
}

fn stored(result: &WriteResult) -> StoredMessage {
    match result {
        Ok(Written::Message(stored)) => *stored,
        other => panic!("not stored: {other:?}"),
    }
}

fn positions(results: &[WriteResult]) -> Vec<(i64, bool)> {
    results.iter().map(stored).map(|stored| (stored.seq.0, stored.duplicate)).collect()
}

#[actix_web::test]
async fn repeats_take_no_number_in_one_batch_and_across_batches() {
    let mut bench = Bench::new();
    let (ann, ben) = (bench.user("ann"), bench.user("ben"));
    let room = bench.room("r", &ann);
    let first = [
        bench.message(room.key, &ann, Some("a")),
        bench.message(room.key, &ann, Some("a")),
        bench.message(room.key, &ben, Some("a")),
        bench.message(room.key, &ann, None),
    ];
    let results = bench.execute(&first);
    assert_eq!(positions(&results), [(1, false), (1, true), (2, false), (3, false)]);
    let second = [
        bench.message(room.key, &ann, Some("b")),
        bench.message(room.key, &ben, Some("a")),
        bench.message(room.key, &ann, Some("c")),
        bench.message(room.key, &ann, Some("b")),
    ];
    let again = bench.execute(&second);
    assert_eq!(positions(&again), [(4, false), (2, true), (5, false), (4, true)]);
    assert_eq!(stored(&again[1]).id, stored(&results[2]).id, "the first ack is given again");
    assert_eq!(bench.seqs(&room).await, [1, 2, 3, 4, 5]);
}

#[actix_web::test]
async fn a_client_id_belongs_to_one_room() {
    let mut bench = Bench::new();
    let ann = bench.user("ann");
    let (here, there) = (bench.room("here", &ann), bench.room("there", &ann));
    let together =
        [bench.message(here.key, &ann, Some("a")), bench.message(there.key, &ann, Some("a"))];
    assert_eq!(bench.execute(&together)[1].clone().err(), Some(WriteError::ClientIdElsewhere));
    let later = bench.message(there.key, &ann, Some("a"));
    assert_eq!(bench.one(later).err(), Some(WriteError::ClientIdElsewhere));
    assert!(bench.seqs(&there).await.is_empty());
}

#[actix_web::test]
async fn a_refused_message_leaves_its_client_id_free_for_another_room() {
    let mut bench = Bench::new();
    let ann = bench.user("ann");
    let room = bench.room("r", &ann);
    let together =
        [bench.message(RoomKey(404), &ann, Some("a")), bench.message(room.key, &ann, Some("a"))];
    let results = bench.execute(&together);
    assert_eq!(results[0].clone().err(), Some(WriteError::NoSuchRoom));
    assert_eq!(stored(&results[1]).seq, Seq(1));
}

#[actix_web::test]
async fn one_who_has_left_keeps_no_mark() {
    let mut bench = Bench::new();
    let (ann, ben) = (bench.user("ann"), bench.user("ben"));
    let room = bench.room("r", &ann);
    bench.say(&room, &ann, 1);
    let write = Write::Read { room: room.key, user: ben.key, target: ReadTarget::All, at: AT };
    assert!(matches!(bench.one(write), Ok(Written::Read { moved: false, .. })));
    let receipts = bench.database.reader.receipts(room.key, None, 10).await.expect("read");
    assert!(receipts.0.is_empty());
}

#[actix_web::test]
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
    let results = bench.execute(&[good, nowhere, twice, last]);
    assert_eq!(stored(&results[0]).seq, Seq(1));
    assert_eq!(results[1].clone().err(), Some(WriteError::NoSuchRoom));
    assert_eq!(results[2].clone().err(), Some(WriteError::Database));
    assert_eq!(stored(&results[3]).seq, Seq(2));
    assert_eq!(bench.seqs(&room).await, [1, 2]);
}

#[actix_web::test]
async fn a_read_mark_rises_never_falls_and_stops_at_the_head() {
    let mut bench = Bench::new();
    let (ann, ben) = (bench.user("ann"), bench.user("ben"));
    let room = bench.room("r", &ann);
    bench.add(&room, &ben).expect("added");
    bench.say(&room, &ann, 5);
    let mark = |target| {
        let write = Write::Read { room: room.key, user: ben.key, target, at: AT };
        match bench.one(write) {
            Ok(Written::Read { read_seq, moved }) => (read_seq.0, moved),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(mark(ReadTarget::Seq(Seq(3))), (3, true));
    assert_eq!(mark(ReadTarget::Seq(Seq(2))), (3, false));
    let unread = bench.database.reader.room_state(room.key, ben.key).await.expect("read");
    assert_eq!(unread.expect("a member").0.unread, 2);
    assert_eq!(mark(ReadTarget::Seq(Seq(99))), (5, true));
    assert_eq!(mark(ReadTarget::All), (5, false));
    let elsewhere = ReadTarget::Message(MessageId(12_345));
    let write = Write::Read { room: room.key, user: ben.key, target: elsewhere, at: AT };
    assert_eq!(bench.one(write).err(), Some(WriteError::NoSuchMessage));
}

#[actix_web::test]
async fn what_was_said_before_one_joined_is_not_unread_nor_ones_own() {
    let mut bench = Bench::new();
    let (ann, ben) = (bench.user("ann"), bench.user("ben"));
    let room = bench.room("r", &ann);
    bench.say(&room, &ann, 3);
    bench.add(&room, &ben).expect("added");
    bench.say(&room, &ann, 2);
    bench.say(&room, &ben, 4);
    let of = |user: UserKey| bench.database.reader.memberships(user);
    let unread = |rooms: Vec<crate::domain::RoomOverview>| rooms[0].state.expect("a member").unread;
    assert_eq!(unread(of(ben.key).await.expect("read")), 2);
    assert_eq!(unread(of(ann.key).await.expect("read")), 4);
    let Ok(Written::ReadAll(moved)) = bench.one(Write::ReadAll { user: ben.key, at: AT }) else {
        panic!("not marked");
    };
    assert_eq!(moved, [(room.key, room.id.clone(), Seq(9))]);
    assert_eq!(unread(of(ben.key).await.expect("read")), 0);
}

#[actix_web::test]
async fn a_cleared_room_keeps_its_numbers_and_is_purged_in_steps() {
    let mut bench = Bench::new();
    let ann = bench.user("ann");
    let room = bench.room("r", &ann);
    let many = usize::try_from(PURGE_ROWS).expect("small") + 10;
    bench.say(&room, &ann, many);
    let Ok(Written::RoomCleared { seq, .. }) = bench.one(Write::RoomClear { room: room.key })
    else {
        panic!("not cleared");
    };
    assert_eq!(seq.0, PURGE_ROWS + 11);
    let reader = bench.database.reader.clone();
    assert!(bench.seqs(&room).await.is_empty(), "hidden at once");
    assert_eq!(reader.message_count(room.key).await, Ok(0));
    assert_eq!(reader.unfinished_purges().await, Ok(vec![room.key]));
    let purge = || match bench.one(Write::Purge { room: room.key }) {
        Ok(Written::Purged { more }) => more,
        other => panic!("{other:?}"),
    };
    assert!(purge());
    assert!(!purge());
    assert_eq!(reader.unfinished_purges().await, Ok(vec![]));
    bench.say(&room, &ann, 1);
    assert_eq!(bench.seqs(&room).await, [seq.0 + 1]);
}

#[actix_web::test]
async fn a_deleted_room_is_gone_and_its_id_is_free() {
    let mut bench = Bench::new();
    let (ann, ben) = (bench.user("ann"), bench.user("ben"));
    let room = bench.room("r", &ann);
    bench.say(&room, &ann, 3);
    assert_eq!(bench.create("r", &ben, 100).err(), Some(WriteError::IdTaken));
    bench.one(Write::RoomDelete { room: room.key }).expect("deleted");
    let late = bench.message(room.key, &ann, None);
    assert_eq!(bench.one(late).err(), Some(WriteError::NoSuchRoom));
    assert_eq!(bench.add(&room, &ben).err(), Some(WriteError::NoSuchRoom));
    bench.one(Write::Purge { room: room.key }).expect("purged");
    let again = bench.room("r", &ben);
    assert_ne!(again.key, room.key, "a key is never used again");
    assert!(bench.seqs(&again).await.is_empty());
}

#[test]
fn members_are_bounded_and_an_owner_leaves_nobody_behind() {
    let bench = Bench::new();
    let (ann, ben) = (bench.user("ann"), bench.user("ben"));
    let room = bench.room("r", &ann);
    assert_eq!(bench.create("s", &ann, 1).err(), Some(WriteError::TooManyRooms));
    bench.add(&room, &ben).expect("added");
    let leave =
        |user: &User| bench.one(Write::MemberRemove { room: room.key, user: user.key, by: None });
    assert_eq!(leave(&ann).err(), Some(WriteError::OwnerOfOthers));
    assert!(matches!(leave(&ben), Ok(Written::MemberRemoved { existed: true, .. })));
    assert!(matches!(leave(&ben), Ok(Written::MemberRemoved { existed: false, .. })));
    assert!(leave(&ann).is_ok());
}

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

#[actix_web::test]
async fn a_replay_is_complete_up_to_where_it_says() {
    let mut bench = Bench::new();
    let ann = bench.user("ann");
    let room = bench.room("r", &ann);
    bench.say(&room, &ann, 5);
    let replay = |since, limit| bench.database.reader.replay(room.key, Seq(since), limit);
    let page = replay(1, 2).await.expect("read");
    assert_eq!((page.missed.len(), page.upto, page.last_seq), (2, Seq(3), Seq(5)));
    let rest = replay(3, 10).await.expect("read");
    assert_eq!((rest.missed.len(), rest.upto), (2, Seq(5)));
    let none = replay(5, 10).await.expect("read");
    assert_eq!((none.missed.len(), none.upto), (0, Seq(5)));
}

#[test]
fn a_database_of_a_newer_version_is_refused() {
    let bench = Bench::new();
    let path = bench.dir.path().join("test.db");
    let mut conn = Conn::establish(&path.to_string_lossy()).expect("open");
    diesel::sql_query("INSERT INTO __diesel_schema_migrations (version) VALUES ('99999999999999')")
        .execute(&mut conn)
        .expect("written");
    assert!(matches!(migrate(&path), Err(OpenError::Newer { .. })));
}

#[test]
fn history_and_repeats_are_found_by_index() {
    #[derive(QueryableByName)]
    struct Step {
        #[diesel(sql_type = Text)]
        detail: String,
    }
    let bench = Bench::new();
    let mut conn = bench.database.writers.get().expect("a connection");
    for (query, index) in [
        (
            "SELECT * FROM messages WHERE room_key = 1 AND seq < 9 ORDER BY seq DESC",
            "messages_room",
        ),
        ("SELECT id FROM messages WHERE sender_key = 1 AND client_id = 'a'", "messages_client_id"),
        ("SELECT room_key FROM members WHERE user_key = 1", "members_user"),
    ] {
        let plan = diesel::sql_query(format!("EXPLAIN QUERY PLAN {query}"))
            .load::<Step>(&mut *conn)
            .expect("a plan");
        let plan: Vec<&str> = plan.iter().map(|step| step.detail.as_str()).collect();
        assert!(plan.iter().any(|step| step.contains(index)), "{query}: {plan:?}");
        assert!(!plan.iter().any(|step| step.contains("SCAN")), "{query}: {plan:?}");
    }
}

#[actix_web::test]
async fn what_is_past_the_bound_is_refused_at_once_and_the_rest_is_stored() {
    let mut bench = Bench::new();
    let ann = bench.user("ann");
    let room = bench.room("r", &ann);
    let writer = bench.database.writer(4).start();
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
