//! On PostgreSQL.

use super::*;
use crate::{
    DatabaseUrl,
    samples::{
        Bench,
        database::{beside, is_postgres},
        on_a_thread,
    },
};
use parlor_domain::{Room, User};

/// Two rooms, and an indexer that looks at all rooms only when it begins.
struct Indexed {
    bench: Bench,
    user: User,
    rooms: [Room; 2],
    indexer: Indexer,
}

impl Indexed {
    /// `None` on SQLite, which has an indexer of its own.
    fn new() -> Option<Self> {
        if !is_postgres() {
            return None;
        }
        let bench = Bench::new();
        let user = bench.user("a");
        let rooms = ["r", "s"].map(|id| bench.room(id, &user));
        let indexer = begin(&bench);
        let mut indexed = Self { bench, user, rooms, indexer };
        assert_eq!(indexed.after_a_round(), [0, 0]);
        Some(indexed)
    }

    /// How many messages of each room are found.
    fn after_a_round(&mut self) -> [i64; 2] {
        on_a_thread(|| self.indexer.round()).expect("it goes through");
        let found = |room: &Room| format!("message_words WHERE room_key = {}", room.key.0);
        self.rooms.each_ref().map(|room| self.bench.count(&found(room)))
    }

    fn say(&mut self, room: usize) {
        self.bench.say(&self.rooms[room], &self.user, 1);
    }

    /// A transaction that has said something in a room, and is not committed.
    fn open(&mut self, room: usize) -> Conn {
        self.bench.next_id += 1;
        let (id, room, sender) = (self.bench.next_id, self.rooms[room].key.0, self.user.key.0);
        let conn = connect(&self.bench);
        run(
            conn,
            &format!(
                "BEGIN; SELECT parlor_store_messages('{{}}', '{{{id}}}', '{{{room}}}',
                     '{{{sender}}}', '{{f}}', '{{NULL}}', '{{late}}', '{{1000}}', true)"
            ),
        )
    }

    /// Rows of the feed about rooms that are not there.
    fn write_rows(&self, rows: usize) {
        self.bench.run(&format!(
            r#"INSERT INTO feed (items) SELECT format('[{{"t":"head","room":%s,"seq":1}}]', n)
               FROM generate_series(1000001, 1000000 + {rows}) AS n"#
        ));
    }
}

fn connect(bench: &Bench) -> Conn {
    let DatabaseUrl::Postgres(url) = &bench.url else { unreachable!("it was asked") };
    on_a_thread(|| beside(url))
}

fn run(mut conn: Conn, statements: &str) -> Conn {
    on_a_thread(|| {
        conn.batch_execute(statements).expect("good statements");
        conn
    })
}

fn begin(bench: &Bench) -> Indexer {
    let conn = connect(bench);
    on_a_thread(|| Indexer::begin(conn)).expect("it begins")
}

#[test]
fn what_is_committed_late_is_indexed_by_the_next_round_and_holds_nothing_up() {
    let Some(mut indexed) = Indexed::new() else { return };
    let late = indexed.open(0);
    indexed.say(1);
    assert_eq!(indexed.after_a_round(), [0, 1]);
    run(late, "COMMIT");
    assert_eq!(indexed.after_a_round(), [1, 1]);
    let never = indexed.open(0);
    indexed.say(1);
    run(never, "ROLLBACK");
    assert_eq!(indexed.after_a_round(), [1, 2]);
    indexed.say(0);
    assert_eq!(indexed.after_a_round(), [2, 2]);
}

#[test]
fn a_round_reads_all_pages_up_to_a_bound_of_rooms() {
    let Some(mut indexed) = Indexed::new() else { return };
    indexed.bench.run("INSERT INTO feed (items) SELECT '[]' FROM generate_series(1, 2500)");
    indexed.say(0);
    assert_eq!(indexed.after_a_round(), [1, 0]);
    indexed.write_rows(ROOMS);
    indexed.say(1);
    assert_eq!(indexed.after_a_round(), [1, 0]);
    assert_eq!(indexed.after_a_round(), [1, 1]);
}

#[test]
fn what_is_left_to_the_next_round_is_as_old_as_the_look_before() {
    let Some(mut indexed) = Indexed::new() else { return };
    let looked = Instant::now();
    indexed.write_rows(ROOMS + 1);
    on_a_thread(|| {
        let waited = looked.elapsed();
        let (rooms, behind) = indexed.indexer.moved().expect("it is read");
        assert_eq!(rooms.len(), ROOMS);
        // In whole milliseconds.
        assert!(behind + Duration::from_millis(1) >= waited, "{behind:?} of {waited:?}");
        let (rooms, behind) = indexed.indexer.moved().expect("it is read");
        assert_eq!((rooms.len(), behind), (1, Duration::ZERO));
    });
}

#[test]
fn an_indexer_that_begins_finds_what_was_said_while_there_was_none() {
    let Some(mut indexed) = Indexed::new() else { return };
    indexed.say(0);
    let late = indexed.open(1);
    indexed.indexer = begin(&indexed.bench);
    assert_eq!(indexed.after_a_round(), [1, 0]);
    run(late, "COMMIT");
    assert_eq!(indexed.after_a_round(), [1, 1]);
    // What PostgreSQL itself does in a crash: it is not logged.
    indexed.bench.run("TRUNCATE feed_run");
    indexed.say(0);
    assert_eq!(indexed.after_a_round(), [2, 1]);
}
