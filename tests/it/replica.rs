//! History, search and exports come from a replica while that has what is asked
//! for, and from the primary otherwise: nobody sees a difference.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    Finished, Postgres, Proxy, Server, TestDatabase, Token, User, history_of, run_with, within,
};

/// A primary, its replica, and a server on both.
struct Pair {
    // Dropped first.
    server: Server,
    replica: Postgres,
    to_replica: Proxy,
    _primary: Postgres,
}

impl Pair {
    /// With a replica that may be so many seconds behind.
    async fn start(lag: u64) -> Self {
        let primary = Postgres::start().await;
        let replica = primary.standby().await;
        let to_replica = Proxy::in_front_of(replica.address()).await;
        let url = format!("postgres://postgres@{}/postgres", to_replica.address().authority());
        let server = Server::builder()
            .set("DATABASE_URL", primary.url())
            .set("PARLOR_REPLICA_URL", url)
            .set("PARLOR_REPLICA_LAG", format!("{lag}s"));
        Self { server: server.start().await, replica, to_replica, _primary: primary }
    }

    /// A value of `/metrics`.
    async fn metric(&self, name: &str) -> f64 {
        let nobody = self.server.nobody();
        let text = User::outcome(nobody.plain(Method::GET, "/metrics")).await.body;
        let value = text.lines().find_map(|line| line.strip_prefix(name));
        value
            .and_then(|value| value.trim().parse().ok())
            .unwrap_or_else(|| panic!("{name}: {text}"))
    }

    /// How many reads the replica and the primary have served, of those that the
    /// replica may.
    async fn reads(&self) -> [f64; 2] {
        let of = async |from| {
            self.metric(&format!("parlor_replica_reads_total{{from=\"{from}\"}}")).await
        };
        [of("replica").await, of("primary").await]
    }

    /// Who serves what `ask` asks for.
    async fn served<T>(&self, ask: impl AsyncFn() -> T) -> (T, [f64; 2]) {
        let before = self.reads().await;
        let answer = ask().await;
        let after = self.reads().await;
        (answer, [after[0] - before[0], after[1] - before[1]])
    }

    /// Waits until the log says so.
    async fn until_told(&self, what: &str) {
        let telling = async {
            while !self.server.stderr().contains(what) {
                tokio::task::yield_now().await;
            }
        };
        within(what, telling).await;
    }

    /// Asks for the history of a room until the replica serves it, or the primary.
    async fn until_served_by(&self, by: usize, user: &User, room: &str) {
        let asking = async {
            while self.served(async || user.history(room, "").await).await.1[by] != 1.0 {}
        };
        within(if by == REPLICA { "the replica" } else { "the primary" }, asking).await;
    }
}

const REPLICA: usize = 0;
const PRIMARY: usize = 1;
const BY_REPLICA: [f64; 2] = [1.0, 0.0];
const BY_PRIMARY: [f64; 2] = [0.0, 1.0];

fn contents(page: &Value) -> Vec<&str> {
    let messages = page["messages"].as_array().expect("a list");
    messages.iter().map(|message| message["content"].as_str().unwrap_or_default()).collect()
}

/// What is said is found by who said it, and what is changed is shown as it is,
/// over REST and a socket, whatever the replica has.
async fn finds_what_it_says(alice: &User, room: &str, times: usize) {
    let mut socket = alice.connect().await;
    for n in 0..times {
        let first = alice.say(room, &format!("first {n}")).await;
        let said = socket.say(room, &format!("second {n}")).await;
        let (newest, older) = (alice.history(room, "limit=2").await, said["seq"].to_string());
        assert_eq!(contents(&newest), [format!("first {n}"), format!("second {n}")]);
        let id = first["message_id"].as_str().expect("an id");
        alice.edit(id, &format!("edited {n}")).await.expect(200);
        let page = alice.history(room, &format!("before={older}&limit=1")).await;
        assert_eq!(contents(&page), [format!("edited {n}")], "no page is as it was");
        alice.erase(id).await.expect(200);
        let page = json!({"room_id": room, "before": said["seq"], "limit": 1});
        let page = socket.ask("history", page).await;
        assert!(!page["messages"][0]["deleted_at"].is_null(), "{page}");
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-services"]
async fn a_replica_serves_what_it_has_and_the_primary_all_else() {
    let pair = Pair::start(3).await;
    let alice = pair.server.user("alice").await;
    let root =
        pair.server.user_with("root", Token::of("root").claim("roles", json!(["admin"]))).await;
    for room in ["den", "attic"] {
        alice.create_room(room, "private").await;
        for n in 0..5 {
            alice.say(room, &format!("needle {n}")).await;
        }
    }
    pair.until_served_by(REPLICA, &alice, "den").await;

    // Shown by the replica itself, too.
    let (page, served) = pair.served(async || alice.history("attic", "limit=3").await).await;
    assert_eq!((contents(&page).len(), served), (3, BY_REPLICA));
    let has_read = |table: &str| {
        let of = format!("application_name = 'parlor' AND query LIKE '%{table}%'");
        pair.replica.query(&format!("SELECT count(*) > 0 FROM pg_stat_activity WHERE {of}")) == "t"
    };
    assert!(has_read("\"messages\".\"content\""));
    let find = async || alice.get("/search?q=needle&limit=20").await.expect(200);
    let found = async || find().await["results"].as_array().expect("a list").len();
    within("the index", async { while found().await != 10 {} }).await;
    assert_eq!(pair.served(found).await, (10, BY_REPLICA));
    // What a connection is seen to have done is only the last of it.
    let seen = async {
        while !has_read("message_words") {
            found().await;
        }
    };
    within("the replica to be searched", seen).await;
    let mut socket = alice.connect().await;
    let page = socket.ask("history", json!({"room_id": "den", "before": 3})).await;
    assert_eq!(contents(&page), ["needle 0", "needle 1"]);
    let export = async || root.get("/users/alice/export").await.expect(200);
    let messages = async || export().await["messages"].as_array().expect("a list").len();
    let all_there = async {
        loop {
            let (count, [replica, primary]) = pair.served(messages).await;
            assert_eq!(count, 10);
            if replica > 5.0 && primary == 0.0 {
                break;
            }
        }
    };
    within("an export by the replica alone", all_there).await;

    // While it follows at a distance.
    pair.replica.query("ALTER SYSTEM SET recovery_min_apply_delay = '700ms'");
    pair.replica.query("SELECT pg_reload_conf()");
    finds_what_it_says(&alice, "den", 10).await;
    // What was deleted is not among it.
    assert_eq!(messages().await, 20);
    assert_eq!(pair.served(async || alice.history("attic", "").await).await.1, BY_REPLICA);

    // While it stands still; within the bound it serves what it has.
    pair.replica.query("SELECT pg_wal_replay_pause()");
    finds_what_it_says(&alice, "den", 3).await;
    pair.until_served_by(PRIMARY, &alice, "attic").await;
    assert!(pair.metric("parlor_replica_lag_seconds ").await > 1.0);
    pair.until_told(" s behind").await;
    finds_what_it_says(&alice, "den", 3).await;
    alice.say("attic", "new").await;
    assert_eq!(history_of(&alice, "attic").await.len(), 6);
    assert_eq!(messages().await, 27);
    let (_, served) = pair.served(async || find().await).await;
    assert_eq!(served, BY_PRIMARY);
    pair.replica.query("SELECT pg_wal_replay_resume()");
    pair.until_served_by(REPLICA, &alice, "attic").await;
    let page = alice.history("attic", "limit=1").await;
    assert_eq!(contents(&page), ["new"]);
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-services"]
async fn a_replica_may_fail_break_off_and_take_the_place_of_its_primary() {
    let mut pair = Pair::start(10).await;
    let alice = pair.server.user("alice").await;
    alice.create_room("den", "private").await;
    alice.say("den", "one").await;
    pair.until_served_by(REPLICA, &alice, "den").await;

    // Each connection ends sooner or later in the middle of a read.
    let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
               WHERE application_name = 'parlor'";
    for _ in 0..20 {
        pair.replica.query(end);
        for _ in 0..5 {
            assert_eq!(contents(&alice.history("den", "").await), ["one"]);
        }
    }
    pair.until_served_by(REPLICA, &alice, "den").await;

    // Nobody waits for one that does not answer as long as for a primary.
    pair.to_replica.silence();
    let (page, served) = pair.served(async || alice.history("den", "").await).await;
    assert_eq!((contents(&page), served), (vec!["one"], BY_PRIMARY));
    pair.to_replica.restore();
    pair.until_served_by(REPLICA, &alice, "den").await;

    pair.replica.kill();
    for n in 0..20 {
        alice.say("den", &format!("while it is away {n}")).await;
        assert_eq!(history_of(&alice, "den").await.len(), n + 2);
    }
    pair.until_told("cannot be used: the primary is read").await;
    let ready = User::outcome(alice.plain(Method::GET, "/health/ready")).await;
    assert_eq!(ready.status, 200, "{ready:?}");
    pair.replica.start_again().await;
    pair.until_served_by(REPLICA, &alice, "den").await;
    assert_eq!(pair.metric("parlor_read_failures_total ").await, 0.0, "nothing has failed");

    // Promoted, it goes its own way.
    pair.replica.promote();
    alice.say("den", "the last").await;
    let page = alice.history("den", "limit=1").await;
    assert_eq!(contents(&page), ["the last"]);
    pair.until_served_by(PRIMARY, &alice, "den").await;
    pair.server.restart().await;
    let page = alice.history("den", "limit=1").await;
    assert_eq!(contents(&page), ["the last"], "a server starts without it, too");
    let log = pair.server.stderr();
    assert!(log.contains("cannot be used for now") && log.contains("it is not a standby"), "{log}");
}

async fn start_with(settings: &[(&str, &str)]) -> Finished {
    let home = tempfile::tempdir().expect("a directory");
    let settings = [&[("PARLOR_BIND", "127.0.0.1:0"), ("RUST_LOG", "error")], settings].concat();
    run_with(&home, &["serve"], &settings).await
}

#[tokio::test]
async fn a_replica_of_a_file_and_one_that_may_be_behind_for_hours_are_refused() {
    let (url, replica) = (("DATABASE_URL", "postgres://db/x"), "PARLOR_REPLICA_URL");
    for (settings, word) in [
        (vec![(replica, "postgres://db/x")], "SQLite has no replicas"),
        (vec![url, (replica, "sqlite:x.db")], "it must be postgres://"),
        (vec![url, (replica, "postgres://db/x?sslmode=full")], "`sslmode` must be"),
        (vec![url, (replica, "postgres://db/x"), ("PARLOR_REPLICA_LAG", "1s")], "from 2s to 10m"),
        (vec![url, (replica, "postgres://db/x"), ("PARLOR_REPLICA_LAG", "3h")], "from 2s to 10m"),
    ] {
        start_with(&settings).await.refused(2, word);
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-services"]
async fn the_replica_of_another_database_is_refused() {
    let primary = Postgres::start().await;
    let other = TestDatabase::in_server(&primary.url());
    let replica = primary.standby().await;
    let (_, name) = other.host_and_name();
    let elsewhere = TestDatabase::new();
    let in_other = format!("postgres://postgres@{}/{name}", replica.address().authority());
    for (database, replica) in
        [(primary.url(), in_other.as_str()), (elsewhere.url(), replica.url().as_str())]
    {
        let settings = [("DATABASE_URL", database.as_str()), ("PARLOR_REPLICA_URL", replica)];
        start_with(&settings).await.refused(1, "a replica of another database");
    }
}
