//! Databases of released versions (`scripts/upgrade-fixture`), brought up to date: what
//! was in them is there, and answers as it did.

use std::{
    io::Read,
    path::{Path, PathBuf},
    process::Command,
};

use flate2::read::GzDecoder;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Finished, Server, TestDatabase, Token, User, history_of, run_with, within};

/// What is another one in each life of a database, or tells of what was just done.
const OF_THIS_LIFE: [&str; 7] =
    ["epoch", "last_seq", "inbox_seq", "acked_seq", "rank", "cursor", "last_seen"];

/// A database as a version left it, and what that version answered.
struct Old {
    home: TempDir,
    url: String,
    recorded: Value,
    database: Option<TestDatabase>,
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/upgrading")
}

/// The versions that have one.
fn versions() -> Vec<String> {
    let entries = std::fs::read_dir(fixtures()).expect("the folder is there");
    let entries = entries.map(|entry| entry.expect("an entry"));
    let folders = entries.filter(|entry| entry.path().is_dir());
    let mut all: Vec<String> =
        folders.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    all.sort();
    assert!(!all.is_empty(), "there is one at least");
    all
}

fn unpacked(path: &Path) -> Vec<u8> {
    let packed = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut bytes = Vec::new();
    GzDecoder::new(&packed[..]).read_to_end(&mut bytes).expect("it is whole");
    bytes
}

impl Old {
    fn of(version: &str) -> Self {
        let folder = fixtures().join(version);
        let home = tempfile::tempdir().expect("a directory");
        let database = TestDatabase::of_this_run();
        let (url, answers) = match &database {
            None => {
                let file = home.path().join("parlor.db");
                std::fs::write(&file, unpacked(&folder.join("sqlite.db.gz"))).expect("written");
                (format!("sqlite:{}", file.display()), "sqlite.json")
            }
            Some(database) => {
                let file = home.path().join("dump.sql");
                std::fs::write(&file, unpacked(&folder.join("postgres.sql.gz"))).expect("written");
                let mut psql = Command::new("psql");
                psql.args(["--quiet", "--set", "ON_ERROR_STOP=1", "--file"]).arg(&file);
                let output = psql.arg(database.url()).output().expect("psql is installed");
                assert!(output.status.success(), "{output:?}");
                (database.url(), "postgres.json")
            }
        };
        let recorded = std::fs::read_to_string(folder.join(answers)).expect("it is there");
        let recorded = serde_json::from_str(&recorded).expect("JSON");
        Self { home, url, recorded, database }
    }

    fn data(&self) -> String {
        self.home.path().display().to_string()
    }

    async fn start(&self) -> Server {
        let builder = Server::builder().set("DATABASE_URL", &self.url);
        // The events in inboxes are as old as the fixture.
        let builder = builder.set("PARLOR_INBOX_TTL", "36500d");
        builder.set("PARLOR_DATA_DIR", self.data()).start().await
    }

    async fn migrate(&self) -> Finished {
        let data = self.data();
        let settings = [("DATABASE_URL", self.url.as_str()), ("PARLOR_DATA_DIR", data.as_str())];
        run_with(&self.home, &["migrate"], &settings).await
    }

    /// Runs a statement in it while nobody has it.
    fn execute(&self, statement: &str) {
        use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
        if let Some(database) = &self.database {
            database.query(statement);
            return;
        }
        let path = self.url.strip_prefix("sqlite:").expect("a file");
        let mut conn = SqliteConnection::establish(path).expect("it can be opened");
        conn.batch_execute(statement).expect(statement);
    }

    fn name(&self, name: &str) -> String {
        self.recorded["names"][name].as_str().expect("a text").to_owned()
    }

    /// Everything is answered as it was.
    async fn answers_as_before(&self, server: &Server) {
        for asked in self.recorded["asked"].as_array().expect("a list") {
            let text = |name: &str| asked[name].as_str().expect("a text");
            let user = user(server, text("user"));
            let (path, expected) = (text("path"), &asked["answer"]);
            if expected.is_null() {
                user.get(path).await.refused(404, "not_found");
            } else if path.starts_with("/search") {
                // The index is made anew, beside the server.
                let found = async {
                    while differs(expected, &user.get(path).await.expect(200), "").is_some() {}
                };
                within(path, found).await;
            } else {
                let told = user.get(path).await.expect(200);
                let other = differs(expected, &told, "");
                assert_eq!(other, None, "{} asks for {path}: {told}", user.id);
            }
        }
    }
}

fn user(server: &Server, id: &str) -> User {
    let roles = if id == "root" { json!(["admin"]) } else { json!([]) };
    let token = Token::of(id).claim("roles", roles).text();
    User::new(server.address().clone(), id, Some(token))
}

/// The first place where something is not as it was; what is new is no difference.
fn differs(expected: &Value, told: &Value, place: &str) -> Option<String> {
    match (expected, told) {
        (Value::Object(expected), Value::Object(told)) => {
            let lasting =
                expected.iter().filter(|(name, _)| !OF_THIS_LIFE.contains(&name.as_str()));
            lasting.into_iter().find_map(|(name, value)| {
                differs(value, told.get(name).unwrap_or(&Value::Null), &format!("{place}.{name}"))
            })
        }
        (Value::Array(expected), Value::Array(told)) if expected.len() == told.len() => {
            let pairs = expected.iter().zip(told).enumerate();
            let mut pairs = pairs.map(|(at, (one, other))| (format!("{place}[{at}]"), one, other));
            pairs.find_map(|(place, one, other)| differs(one, other, &place))
        }
        (expected, told) if expected == told => None,
        (expected, told) => Some(format!("{place}: {expected} was {told}")),
    }
}

#[tokio::test]
async fn a_database_of_every_released_version_answers_as_it_did() {
    for version in versions() {
        let old = Old::of(&version);
        let mut server = old.start().await;
        old.answers_as_before(&server).await;
        // And so it does after the next start.
        assert_eq!(server.terminate().await, Some(0));
        server.start_again().await;
        old.answers_as_before(&server).await;
    }
}

#[tokio::test]
async fn who_was_there_goes_on_in_a_database_of_every_released_version() {
    for version in versions() {
        let old = Old::of(&version);
        let server = old.start().await;
        let (ann, nobody) = (user(&server, "ann"), server.nobody());
        let mut socket = ann.connect().await;
        let before = history_of(&ann, "den").await;
        let newest = before.last().expect("one")["seq"].as_i64().expect("a seq");
        // What was sent is not sent twice.
        let (content, name) = ("report number 3", "c-3");
        let ack = socket.say_as("den", name, content).await;
        assert_eq!(ack["duplicate"], true, "{version}: {ack}");
        let sent = before.iter().find(|message| message["client_id"] == name);
        assert_eq!(ack["message_id"], sent.expect("it is there")["message_id"]);
        let ack = socket.say("den", "and on").await;
        assert!(ack["seq"].as_i64() > Some(newest), "{version}: {ack}");
        nobody.login("dora", &old.name("password")).await.expect(200);
        let key = User::new(server.address().clone(), "board", Some(old.name("key")));
        let event = json!({"type": "task.updated", "data": {}});
        key.post("/rooms/den/events", event).await.expect(201);
        user(&server, "eve").get("/me").await.refused(403, "forbidden");
        user(&server, "zoe").get("/rooms/den").await.refused(404, "not_found");
    }
}

/// A migration that makes an index finds another one of its name, when it has done half
/// of what it does.
#[tokio::test]
async fn a_migration_that_fails_leaves_the_database_as_it_was() {
    let old = Old::of("0.2.0");
    old.execute("CREATE INDEX messages_uncounted ON users (name)");
    let failed = old.migrate().await;
    assert_eq!(failed.code, Some(1), "{failed:?}");
    assert!(failed.stderr.contains("messages_uncounted"), "{failed:?}");
    // Neither was the index dropped that it drops, nor the columns made that it makes.
    old.execute("DROP INDEX messages_deleted");
    old.execute("ALTER TABLE messages ADD COLUMN sent_by TEXT");
    old.execute("ALTER TABLE messages DROP COLUMN sent_by");
    old.execute(
        "CREATE INDEX messages_deleted ON messages (room_key, seq, sender_key)
         WHERE deleted_at IS NOT NULL",
    );
    old.execute("DROP INDEX messages_uncounted");
    let server = old.start().await;
    old.answers_as_before(&server).await;
}
