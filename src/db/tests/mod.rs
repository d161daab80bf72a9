//! The database's rules, on a real database file.

mod conversation;
mod database;
mod erasure;
mod files;
mod identity;
mod marks;
mod members;
mod messages;
mod rooms;
mod storage;

use std::sync::Arc;

use actix::Actor;
use diesel::{
    QueryableByName, RunQueryDsl,
    sql_types::{BigInt, Text},
};
use tempfile::TempDir;
use tokio::sync::oneshot;

use super::{
    Change, Database, DatabaseUrl, Maker, NewChange, NewMessage, NewRefreshToken, NewRoom,
    OpenError, OutboxTargets, Reply, SeenUser, StoredMessage, Submit, Write, WriteError,
    WriteResult, Written, open::bring_up_to_date, writers::Writers,
};
use parlor_domain::{
    Adder, Adopted, ClientId, Contact, Denied, HistoryCursor, Message, MessageId, NewExtras,
    ReadTarget, Role, Room, RoomBounds, RoomId, RoomKey, RoomKind, Seq, SignIn, Timestamp, User,
    UserId, UserKey, UserOrigin, limits::PURGE_ROWS,
};

const AT: Timestamp = Timestamp(1_000);

const BOUNDS: RoomBounds =
    RoomBounds { own: 100, placed: 100, placed_by_one: 100, contact: Contact::Anyone };

/// On another thread: a test may be async, and this blocks.
fn beside<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| scope.spawn(work).join().expect("it ends"))
}

struct Bench {
    /// Removed with it.
    _dir: TempDir,
    database: Database,
    url: DatabaseUrl,
    next_id: i64,
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let url = beside(|| database::fresh(dir.path()));
        let database = Database::open(&url, 4).expect("it opens");
        Self { _dir: dir, database, url, next_id: 1 }
    }

    fn execute(&self, writes: &[Write]) -> Vec<WriteResult> {
        beside(|| self.database.writers.execute(writes, &OutboxTargets::default()).results)
    }

    fn one(&self, write: Write) -> WriteResult {
        self.execute(&[write]).pop().expect("a result")
    }

    fn user(&self, id: &str) -> User {
        match self.seen(id, UserOrigin::Application, Some(AT), Adopted::default()) {
            Ok(Written::UserSeen { user, .. }) => user,
            other => panic!("{other:?}"),
        }
    }

    /// Somebody comes with good credentials.
    fn seen(
        &self,
        id: &str,
        origin: UserOrigin,
        issued_at: Option<Timestamp>,
        adopted: Adopted,
    ) -> WriteResult {
        let id = UserId::from_stored(id);
        self.one(Write::UserEnsure(SeenUser { id, name: None, origin, issued_at, adopted, at: AT }))
    }

    fn register(&self, id: &str) -> WriteResult {
        let (id, name) = (UserId::from_stored(id), "A".into());
        self.one(Write::UserRegister { id, name, password_hash: "hash".to_owned(), at: AT })
    }

    fn create(&self, id: &str, owner: &User, own: i64) -> WriteResult {
        self.one(Write::RoomCreate(NewRoom {
            id: RoomId::from_stored(id),
            kind: RoomKind::Public,
            title: "".into(),
            topic: "".into(),
            custom: None,
            owner: owner.key,
            made_by: Some(Maker { user: owner.key, rooms_max: 2 * own }),
            created_at: AT,
            bounds: RoomBounds { own, ..BOUNDS },
        }))
    }

    fn room(&self, id: &str, owner: &User) -> Room {
        match self.create(id, owner, 100) {
            Ok(Written::Room { room, .. }) => room,
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
            adder: Adder::Oneself,
            bounds: BOUNDS,
            mark_read: false,
        })
    }

    fn message(&mut self, room: RoomKey, sender: &User, client_id: Option<&str>) -> Write {
        self.next_id += 1;
        Write::Message(NewMessage {
            id: MessageId(self.next_id),
            room,
            sender: sender.key,
            by_admin: false,
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

/// More verbs, for what few tests need.
impl Bench {
    /// Stores a message with more than a content; gives its id.
    fn rich(&mut self, room: &Room, sender: &User, extras: NewExtras) -> MessageId {
        self.next_id += 1;
        let id = MessageId(self.next_id);
        let message = NewMessage {
            id,
            room: room.key,
            sender: sender.key,
            by_admin: false,
            client_id: None,
            content: Arc::from("hi"),
            created_at: AT,
            extras: Some(Box::new(extras)),
        };
        let written = self.one(Write::Message(message));
        assert!(matches!(written, Ok(Written::RichMessage { .. })), "{written:?}");
        id
    }

    fn plain(&mut self, room: &Room, sender: &User) -> MessageId {
        let write = self.message(room.key, sender, None);
        stored(&self.one(write)).id
    }

    fn change(&self, message: MessageId, actor: &User, change: Change) -> WriteResult {
        let actor = actor.key;
        self.one(Write::Change(NewChange { message, actor, is_admin: false, change, at: AT }))
    }

    /// A change that is made, and the message as it is then.
    fn changed(&self, message: MessageId, actor: &User, change: Change) -> Message {
        match self.change(message, actor, change) {
            Ok(Written::Changed { message, moved: true, .. }) => *message,
            other => panic!("{other:?}"),
        }
    }

    fn run(&self, statement: &str) {
        beside(|| {
            let query = diesel::sql_query(statement);
            match &self.database.writers {
                Writers::Sqlite { writes, .. } => {
                    query.execute(&mut *writes.get().expect("a connection"))
                }
                Writers::Postgres { pool, .. } => {
                    query.execute(&mut *pool.get().expect("a connection"))
                }
            }
            .expect("a good statement")
        });
    }

    /// The number that a query counts.
    fn count(&self, query: &str) -> i64 {
        let query = diesel::sql_query(format!("SELECT count(*) AS number FROM {query}"));
        let rows: Vec<Number> = beside(|| match &self.database.writers {
            Writers::Sqlite { writes, .. } => {
                query.load(&mut *writes.get().expect("a connection")).expect("a good query")
            }
            Writers::Postgres { pool, .. } => {
                query.load(&mut *pool.get().expect("a connection")).expect("a good query")
            }
        });
        rows[0].number
    }

    fn purge_all(&self, room: &Room) {
        while let Ok(Written::Purged { more: true }) = self.one(Write::Purge { room: room.key }) {}
    }
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}
