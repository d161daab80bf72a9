//! What an application says in its own transaction of PostgreSQL is heard if, and only
//! if, that commits: once, in order, whatever becomes of the nodes.

use std::time::Instant;

use serde_json::{Value, json};

use crate::support::{Application, Cluster, Socket, TestDatabase, User, seqs, within};

const ROOM: &str = "board:42";

/// Nodes with a user at each, who are all in one room, and an application.
struct Board {
    cluster: Cluster,
    users: Vec<User>,
    role: String,
}

impl Board {
    async fn of(nodes: usize) -> Self {
        let cluster = Cluster::start(nodes).await;
        let mut users = Vec::new();
        for (node, id) in cluster.nodes.iter().zip(["ann", "ben", "cleo"]) {
            users.push(node.user(id).await);
        }
        let others: Vec<&User> = users.iter().skip(1).collect();
        users[0].room_with(ROOM, &others).await;
        let role = Application::role(cluster.database());
        Self { cluster, users, role }
    }

    fn database(&self) -> &TestDatabase {
        self.cluster.database()
    }

    fn application(&self) -> Application {
        Application::connect(self.database(), &self.role)
    }

    async fn readers(&self) -> Vec<Socket> {
        let mut readers = Vec::new();
        for user in &self.users {
            readers.push(user.connect().await);
        }
        readers
    }

    /// Waits until the database says something.
    async fn says(&self, query: &str, wanted: &str) {
        self.database().says(query, wanted).await;
    }

    /// Waits until nothing is left to be carried out; gives what was refused.
    async fn settled(&self) -> String {
        self.says("SELECT count(*) FROM submissions WHERE refused IS NULL", "0").await;
        self.database().query("SELECT id || ' ' || refused FROM submissions ORDER BY id")
    }
}

fn publish(n: usize) -> String {
    format!("SELECT parlor_publish('{ROOM}', 'task.created', '{{\"n\": {n}}}', 'task {n}')")
}

/// The next events of the application's, as their numbers.
async fn next_numbers(reader: &mut Socket, count: usize) -> Vec<(i64, i64)> {
    let mut numbers = Vec::new();
    while numbers.len() < count {
        let event = reader.next_event("task.created").await;
        let number = |value: &Value| value.as_i64().expect("a number");
        numbers.push((number(&event["seq"]), number(&event["data"]["n"])));
    }
    numbers
}

/// Each at the position of its number.
fn in_order(count: usize) -> Vec<(i64, i64)> {
    (1..=count as i64).map(|n| (n, n)).collect()
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: scripts/with-services"]
async fn what_commits_is_heard_on_every_node_and_what_does_not_is_not() {
    let board = Board::of(3).await;
    let mut readers = board.readers().await;
    let mut application = board.application();
    let task = |n: usize| format!("INSERT INTO tasks VALUES ('task {n}'); {}", publish(n));
    for n in 1..=3 {
        let said = "SELECT parlor_send('board:42', 'ann', 'I have made a task', \
                    metadata => '{\"by\": \"app\"}')";
        application.run(&format!("BEGIN; {}; {said}; COMMIT", task(n))).await;
        application.run(&format!("BEGIN; {}; ROLLBACK", task(100 + n))).await;
    }
    let mut ended = board.application();
    ended.run(&format!("BEGIN; {}", task(200))).await;
    ended.kill9().await;
    application.run(&format!("BEGIN; {}; COMMIT", task(4))).await;
    for reader in &mut readers {
        let mut heard = Vec::new();
        while heard.len() < 7 {
            heard.push(reader.next_where("an event", |frame| frame["seq"].is_i64()).await);
        }
        assert_eq!(seqs(&heard), [1, 2, 3, 4, 5, 6, 7]);
        let kinds: Vec<&str> = heard.iter().filter_map(|frame| frame["type"].as_str()).collect();
        let (task, message) = ("task.created", "message.created");
        assert_eq!(kinds, [task, message, task, message, task, message, task], "{heard:?}");
        let message = &heard[1]["data"];
        assert_eq!(
            (&message["sender"]["id"], &message["metadata"]["by"]),
            (&json!("ann"), &json!("app"))
        );
    }
    assert_eq!(board.settled().await, "");
    assert_eq!(application.run("SELECT count(*) FROM tasks").await, "4");
}

/// Numbers are given before the commits, which come in any order.
#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: scripts/with-services"]
async fn what_commits_late_is_not_passed_over_and_holds_nobody_up() {
    let board = Board::of(2).await;
    let mut readers = board.readers().await;
    let (mut early, mut late) = (board.application(), board.application());
    late.run(&format!("BEGIN; {}", publish(1))).await;
    early.run(&publish(2)).await;
    assert_eq!(next_numbers(&mut readers[1], 1).await, [(1, 2)]);
    readers[0].say(ROOM, "meanwhile").await;
    assert_eq!(board.settled().await, "");
    late.run("COMMIT").await;
    assert_eq!(next_numbers(&mut readers[1], 1).await, [(3, 1)]);
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: scripts/with-services"]
async fn a_leader_that_dies_before_it_deletes_what_it_did_leaves_nothing_to_be_heard_twice() {
    let mut board = Board::of(2).await;
    let mut reader = board.users[1].connect().await;
    board.database().query(
        "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
         CREATE TRIGGER keep BEFORE DELETE ON submissions FOR EACH ROW EXECUTE FUNCTION keep()",
    );
    let mut application = board.application();
    application.run(&format!("BEGIN; {}; {}", publish(1), publish(2))).await;
    // Without a key or client_id of its own it is done once all the same.
    let message = format!("SELECT parlor_send('{ROOM}', 'ben', 'hello')");
    let event = format!("SELECT parlor_publish('{ROOM}', 'task.done')");
    application.run(&format!("{message}; {event}; COMMIT")).await;
    assert_eq!(next_numbers(&mut reader, 2).await, [(1, 1), (2, 2)]);
    assert_eq!(reader.next_message(ROOM).await["seq"], 3);
    assert_eq!(reader.next_event("task.done").await["seq"], 4);
    board.cluster.nodes[0].server.kill9().await;
    assert_eq!(board.database().query("SELECT count(*) FROM submissions"), "4");
    board.database().query("DROP TRIGGER keep ON submissions");
    assert_eq!(board.settled().await, "", "the other one has repeated all of it");
    reader.say(ROOM, "and on").await;
    assert_eq!(reader.next_message(ROOM).await["seq"], 5);
}

/// Frozen for longer than its lease, the one that led goes on in the middle of what
/// another one does meanwhile.
#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: scripts/with-services"]
async fn two_nodes_that_take_themselves_for_the_leader_double_and_reorder_nothing() {
    const EACH: usize = 200;
    let board = Board::of(2).await;
    let mut reader = board.users[1].connect().await;
    let mut application = board.application();
    let some = |from: usize| (from..from + EACH).map(publish).collect::<Vec<_>>().join(";");
    application.run(&some(1)).await;
    let mut heard = next_numbers(&mut reader, EACH / 4).await;
    board.cluster.nodes[0].server.signal(libc::SIGSTOP);
    application.run(&some(1 + EACH)).await;
    let so_far = heard.len();
    heard.extend(next_numbers(&mut reader, EACH + EACH / 4 - so_far).await);
    board.cluster.nodes[0].server.signal(libc::SIGCONT);
    application.run(&some(1 + 2 * EACH)).await;
    let so_far = heard.len();
    heard.extend(next_numbers(&mut reader, 3 * EACH - so_far).await);
    assert_eq!(heard, in_order(3 * EACH));
    assert_eq!(board.settled().await, "");
    reader.say(ROOM, "and on").await;
    assert_eq!(reader.next_message(ROOM).await["seq"], 3 * EACH + 1);
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: scripts/with-services"]
async fn the_same_key_again_is_heard_once() {
    let board = Board::of(1).await;
    let mut reader = board.users[0].connect().await;
    let mut application = board.application();
    let again = format!("SELECT parlor_send('{ROOM}', 'ann', 'hello', client_id => 'c-1')");
    application.run(&[publish(1), publish(1), again.clone()].join(";")).await;
    application.run(&[again, publish(1), publish(2)].join(";")).await;
    assert_eq!(next_numbers(&mut reader, 1).await, [(1, 1)]);
    assert_eq!(reader.next_message(ROOM).await["seq"], 2);
    assert_eq!(next_numbers(&mut reader, 1).await, [(3, 2)]);
    assert_eq!(board.settled().await, "");
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: scripts/with-services"]
async fn what_is_wrong_at_once_is_refused_at_once() {
    let board = Board::of(1).await;
    let database = board.database();
    for (call, state, why) in [
        ("parlor_publish('nowhere', 'a.b')", "23503", "no room \"nowhere\""),
        ("parlor_publish(NULL, 'a.b')", "22004", "room is missing"),
        ("parlor_publish('board:42', NULL)", "22004", "type is missing"),
        ("parlor_publish('board:42', 'a/b')", "22023", "words of A-Z"),
        ("parlor_publish('board:42', 'message.created')", "22023", "Parlor reserves"),
        ("parlor_publish('board:42', 'Message:x')", "22023", "Parlor reserves"),
        ("parlor_publish('board:42', 'a', '{')", "22P02", "json"),
        ("parlor_publish('board:42', 'a', to_jsonb(repeat('x', 16384)))", "54000", "at most 16384"),
        ("parlor_publish('board:42', 'a', key => repeat('k', 129))", "22023", "1 to 128 bytes"),
        ("parlor_send('nowhere', 'ann', 'hi')", "23503", "no room"),
        ("parlor_send('board:42', NULL, 'hi')", "22004", "sender is missing"),
        ("parlor_send('board:42', 'nobody', 'hi')", "23503", "no user \"nobody\""),
        ("parlor_send('board:42', 'ann', ' ')", "22023", "visible character"),
        ("parlor_send('board:42', 'ann', repeat('x', 65537))", "54000", "at most 65536"),
        ("parlor_send('board:42', 'ann', 'hi', '')", "22023", "1 to 64 bytes"),
        ("parlor_send('board:42', 'ann', 'hi', metadata => '[]')", "22023", "a JSON object"),
        (
            "parlor_send('board:42', 'ann', attachments => array_fill(7::bigint, '{11}'))",
            "54000",
            "at most 10",
        ),
    ] {
        let said = database.refused(&board.role, &format!("SELECT {call}"));
        assert!(
            said.contains(&format!("ERROR:  {state}: ")) && said.contains(why),
            "{call}: {said}"
        );
    }
    assert_eq!(database.query("SELECT count(*) FROM submissions"), "0");
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: scripts/with-services"]
async fn a_role_with_these_functions_alone_reads_and_writes_nothing_else() {
    let board = Board::of(1).await;
    board.users[0].say(ROOM, "a secret").await;
    let database = board.database();
    for statement in [
        "SELECT * FROM messages".to_owned(),
        "SELECT * FROM rooms".to_owned(),
        "SELECT * FROM submissions".to_owned(),
        "DELETE FROM submissions".to_owned(),
        format!("SELECT parlor_submit('{ROOM}', 'ann', '{{}}')"),
    ] {
        let said = database.refused(&board.role, &statement);
        assert!(said.contains("42501"), "{statement}: {said}");
    }
    // Tables of its own by the names of ours change nothing.
    let mut application = board.application();
    application
        .run("CREATE TEMP TABLE rooms (id text); CREATE TEMP TABLE submissions (id int)")
        .await;
    application.run(&publish(1)).await;
    board.says("SELECT count(*) FROM room_events", "1").await;
    database.query("CREATE ROLE stranger_to_parlor LOGIN");
    let said = database.refused("stranger_to_parlor", &publish(2));
    database.query("DROP ROLE stranger_to_parlor");
    assert!(said.contains("42501") && said.contains("parlor_publish"), "{said}");
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: scripts/with-services"]
async fn what_cannot_be_done_any_more_is_put_aside_with_the_reason() {
    let board = Board::of(2).await;
    let mut reader = board.users[1].connect().await;
    let mut application = board.application();
    let says = |what: &str| format!("SELECT parlor_send('{ROOM}', 'ben', {what})");
    let gone = "SELECT parlor_publish('gone', 'a.b')";
    board.users[0].create_room("gone", "private").await;
    application.run(&format!("BEGIN; {}; {gone}", says("'my secret'"))).await;
    board.users[0].delete("/rooms/gone").await.expect(204);
    board.users[0].mute(ROOM, &board.users[1], 3_600).await.expect(200);
    application.run(&format!("{}; {}; COMMIT", says("repeat('x', 20000)"), publish(1))).await;
    assert_eq!(next_numbers(&mut reader, 1).await, [(1, 1)], "the others are not held up");
    let refused = board.settled().await;
    let lines: Vec<&str> = refused.lines().collect();
    assert_eq!(lines.len(), 3, "{refused}");
    assert!(lines[0].starts_with("1 ") && lines[0].contains("muted"), "{refused}");
    assert!(lines[1].contains("no such room"), "{refused}");
    assert!(lines[2].contains("content must have at most 16384 bytes"), "{refused}");
    let node = &board.cluster.nodes[0].server;
    within("the log", async {
        while !node.stderr().contains("submission 1 was refused") {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert!(!node.stderr().contains("my secret"));
    let metrics = User::outcome(node.nobody().plain(reqwest::Method::GET, "/metrics")).await.body;
    for line in [
        "parlor_submissions_total 1",
        "parlor_submissions_refused_total 3",
        "parlor_submissions_waiting 0",
        "parlor_submissions_dead 3",
    ] {
        assert!(metrics.lines().any(|one| one == line), "{line} in {metrics}");
    }
    // Tried again when it can be done.
    board.users[0].mute(ROOM, &board.users[1], 0).await.expect(200);
    board.database().query("UPDATE submissions SET refused = NULL WHERE id = 1");
    assert_eq!(reader.next_message(ROOM).await["data"]["content"], "my secret");
}

/// A user of one room is deleted under its lock: the others go on meanwhile.
#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: scripts/with-services"]
async fn a_room_that_cannot_be_written_to_keeps_its_order_and_holds_no_other_up() {
    let board = Board::of(1).await;
    board.users[0].create_room("other", "private").await;
    let mut reader = board.users[0].connect().await;
    let mut application = board.application();
    let mut holder = Application::connect(board.database(), "postgres");
    holder
        .run(&format!(
            "BEGIN; SELECT last_seq FROM room_heads JOIN rooms ON key = room_key
             WHERE id = '{ROOM}' FOR UPDATE"
        ))
        .await;
    application.run(&(1..=3).map(publish).collect::<Vec<_>>().join(";")).await;
    application.run("SELECT parlor_publish('other', 'task.done')").await;
    assert_eq!(reader.next_event("task.done").await["room_id"], "other");
    holder.run("COMMIT").await;
    assert_eq!(next_numbers(&mut reader, 3).await, in_order(3));
    assert_eq!(board.settled().await, "");
}

/// Printed, for docs/TRANSACTIONS.md; how long it takes depends on the machine.
#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: scripts/with-services"]
async fn how_soon_a_commit_is_heard() {
    const TIMES: usize = 200;
    let board = Board::of(3).await;
    let mut readers = board.readers().await;
    let mut application = board.application();
    application.run(&publish(1)).await;
    for reader in &mut readers {
        next_numbers(reader, 1).await;
    }
    let mut times = [(); 3].map(|()| Vec::new());
    for n in 2..2 + TIMES {
        application.run(&format!("BEGIN; {}", publish(n))).await;
        let began = Instant::now();
        application.run("COMMIT").await;
        for (reader, times) in readers.iter_mut().zip(&mut times) {
            next_numbers(reader, 1).await;
            times.push(began.elapsed());
        }
    }
    for (node, mut times) in times.into_iter().enumerate() {
        times.sort();
        println!("node {node}: median {:?}, p99 {:?}", times[TIMES / 2], times[TIMES * 99 / 100]);
    }
    let began = Instant::now();
    application.run(&(1_000..2_000).map(publish).collect::<Vec<_>>().join(";")).await;
    let committed = began.elapsed();
    next_numbers(&mut readers[0], 1_000).await;
    println!("1,000 of one room: submitted in {committed:?}, heard in {:?}", began.elapsed());
}
