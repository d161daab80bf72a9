//! A database to test on: what the operations of the server, and the rules of
//! this crate, are tried with.

pub mod database;

use std::sync::Arc;

use diesel::{QueryableByName, RunQueryDsl, sql_types::BigInt};
use tempfile::TempDir;

use super::{writers::Writers, *};
use parlor_domain::*;

pub const AT: Timestamp = Timestamp(1_000);

pub const BOUNDS: RoomBounds =
    RoomBounds { own: 100, placed: 100, placed_by_one: 100, contact: Contact::Anyone };

/// On another thread: a test may be async, and this blocks.
pub fn on_a_thread<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| scope.spawn(work).join().expect("it ends"))
}

pub struct Bench {
    /// Removed with it.
    _dir: TempDir,
    pub database: Database,
    pub url: DatabaseUrl,
    pub next_id: i64,
}

impl Bench {
    #[expect(clippy::new_without_default, reason = "a test asks for one")]
    pub fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let url = on_a_thread(|| database::fresh(dir.path()));
        let database = Database::open(&url, 4).expect("it opens");
        Self { _dir: dir, database, url, next_id: 1 }
    }

    pub fn execute(&self, writes: &[Queued]) -> Vec<WriteResult> {
        on_a_thread(|| self.database.writers.execute(writes, &OutboxTargets::default()).results)
    }

    pub fn one<W: Write>(&self, write: W) -> Result<W::Outcome, WriteError> {
        let outcome = self.execute(&[write.queued()]).pop().expect("a result")?;
        Ok(W::outcome(outcome).expect("its own outcome"))
    }

    pub fn messages(&self, messages: Vec<NewMessage>) -> Vec<Stored> {
        let writes: Vec<Queued> = messages.into_iter().map(Write::queued).collect();
        let sent = |outcome| NewMessage::outcome(outcome).expect("a message");
        let results = self.execute(&writes).into_iter();
        results.map(|result| result.map(|outcome| sent(outcome).stored)).collect()
    }

    pub fn user(&self, id: &str) -> User {
        let found = self.seen(id, UserOrigin::Application, Some(AT), Adopted::default());
        found.expect("a user").user
    }

    /// Somebody comes with good credentials.
    pub fn seen(
        &self,
        id: &str,
        origin: UserOrigin,
        issued_at: Option<Timestamp>,
        adopted: Adopted,
    ) -> Result<FoundUser, WriteError> {
        let id = UserId::from_stored(id);
        self.one(SeenUser { id, name: None, origin, issued_at, adopted, at: AT })
    }

    pub fn register(&self, id: &str) -> Result<FoundUser, WriteError> {
        let (id, name) = (UserId::from_stored(id), "A".into());
        self.one(RegisterUser { id, name, password_hash: "hash".to_owned(), at: AT })
    }

    pub fn create(&self, id: &str, owner: &User, own: i64) -> Result<MadeRoom, WriteError> {
        self.one(NewRoom {
            id: RoomId::from_stored(id),
            kind: RoomKind::Public,
            title: "".into(),
            topic: "".into(),
            custom: None,
            owner: owner.key,
            made_by: Some(Maker { user: owner.key, rooms_max: 2 * own }),
            created_at: AT,
            bounds: RoomBounds { own, ..BOUNDS },
        })
    }

    pub fn room(&self, id: &str, owner: &User) -> Room {
        self.create(id, owner, 100).expect("a room").room
    }

    pub fn add(&self, room: &Room, user: &User) -> Result<Added, WriteError> {
        self.put(room.key, user, Adder::Oneself, BOUNDS)
    }

    pub fn put(
        &self,
        room: RoomKey,
        user: &User,
        adder: Adder,
        bounds: RoomBounds,
    ) -> Result<Added, WriteError> {
        let (user, role, at, mark_read) = (user.key, Role::Member, AT, false);
        self.one(AddMember { room, user, role, at, adder, bounds, mark_read })
    }

    /// Opens the room of two users, of whom the first one asks for it.
    pub fn direct(&self, id: &str, users: [&User; 2]) -> Result<Direct, WriteError> {
        let (id, users) = (RoomId::from_stored(id), users.map(|user| user.key));
        let (by_backend, made_by, created_at, bounds) = (false, None, AT, BOUNDS);
        self.one(OpenDirect { id, users, by_backend, made_by, created_at, bounds })
    }

    pub fn message(&mut self, room: RoomKey, sender: &User, client_id: Option<&str>) -> NewMessage {
        self.next_id += 1;
        NewMessage {
            id: MessageId(self.next_id),
            room,
            sender: sender.key,
            by_admin: false,
            rules: RoomRules::default(),
            client_id: client_id.map(ClientId::from_stored),
            content: Arc::from("hi"),
            created_at: AT,
            extras: None,
        }
    }

    pub fn say(&mut self, room: &Room, sender: &User, count: usize) {
        let messages = (0..count).map(|_| self.message(room.key, sender, None)).collect();
        assert!(self.messages(messages).iter().all(Result::is_ok));
    }

    pub async fn seqs(&self, room: &Room) -> Vec<i64> {
        let page = self.database.reader.history(room.key, HistoryCursor::After(Seq(0)), 200).await;
        page.expect("read").messages.iter().map(|message| message.seq.0).collect()
    }
}

pub use crate::write::message::Stored;

/// More verbs, for what few tests need.
impl Bench {
    /// Stores a message with more than a content; gives its id.
    pub fn rich(&mut self, room: &Room, sender: &User, extras: NewExtras) -> MessageId {
        self.next_id += 1;
        let id = MessageId(self.next_id);
        let message = NewMessage {
            id,
            room: room.key,
            sender: sender.key,
            by_admin: false,
            rules: RoomRules::default(),
            client_id: None,
            content: Arc::from("hi"),
            created_at: AT,
            extras: Some(Box::new(extras)),
        };
        assert!(self.one(message).expect("sent").rich.is_some());
        id
    }

    pub fn plain(&mut self, room: &Room, sender: &User) -> MessageId {
        let message = self.message(room.key, sender, None);
        self.one(message).expect("sent").stored.id
    }

    pub fn change(
        &self,
        message: MessageId,
        actor: &User,
        change: Change,
    ) -> Result<ChangedMessage, WriteError> {
        let actor = actor.key;
        self.one(ChangeMessage { message, actor, is_admin: false, change, at: AT })
    }

    /// A change that is made, and the message as it is then.
    pub fn changed(&self, message: MessageId, actor: &User, change: Change) -> Message {
        let ChangedMessage { message, moved, .. } =
            self.change(message, actor, change).expect("changed");
        assert!(moved);
        *message
    }

    pub fn run(&self, statement: &str) {
        on_a_thread(|| {
            let query = diesel::sql_query(statement);
            match &self.database.writers {
                Writers::Sqlite { writes, .. } => {
                    query.execute(&mut *writes.get().expect("a connection"))
                }
                Writers::Postgres { pool, .. } => {
                    query.execute(&mut pool.get().expect("a connection").conn)
                }
            }
            .expect("a good statement")
        });
    }

    /// The number that a query counts.
    pub fn count(&self, query: &str) -> i64 {
        let query = diesel::sql_query(format!("SELECT count(*) AS number FROM {query}"));
        let rows: Vec<Number> = on_a_thread(|| match &self.database.writers {
            Writers::Sqlite { writes, .. } => {
                query.load(&mut *writes.get().expect("a connection")).expect("a good query")
            }
            Writers::Postgres { pool, .. } => {
                query.load(&mut pool.get().expect("a connection").conn).expect("a good query")
            }
        });
        rows[0].number
    }

    pub fn purge_all(&self, room: &Room) {
        while self.one(Purge { room: room.key }).expect("purged") {}
    }
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}
