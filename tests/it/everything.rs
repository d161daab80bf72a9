//! All at once: people on every carrier in the same rooms, who send, read,
//! drop out and resume, one who stops reading, and a server that is killed in
//! the middle and comes back.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::support::{Address, RawSocket, Server, Socket, Token, User, history_of, within};

const ROOMS: [&str; 2] = ["den", "attic"];
const PEOPLE: usize = 8;
/// Messages that each has acked before the server is killed, and after.
const MESSAGES: usize = 25;
/// After so many frames a person drops out and comes back.
const FRAMES_BEFORE_A_DROP: usize = 60;

/// What one person has seen and said.
#[derive(Default)]
struct Person {
    seen: BTreeMap<&'static str, Vec<i64>>,
    /// `client_id` to `seq`.
    acked: BTreeMap<String, (String, i64)>,
    pending: Option<(String, &'static str)>,
    sent: usize,
}

impl Person {
    fn last(&self, room: &str) -> i64 {
        self.seen.get(room).and_then(|seqs| seqs.last()).copied().unwrap_or(0)
    }

    /// Connects, says what it has, and sends again what has no ack.
    async fn come_back(&mut self, user: &User) -> Option<Socket> {
        let since: BTreeMap<_, _> = ROOMS.iter().map(|room| (*room, self.last(room))).collect();
        let mut socket = user.try_connect_with("resume=1").await?;
        socket.try_begin("session.resume", json!({"rooms": since})).await.ok()?;
        if let Some((client_id, room)) = self.pending.clone() {
            send(&mut socket, room, &client_id).await?;
        }
        Some(socket)
    }

    /// Takes one frame; `None` at the end of the connection.
    async fn hear(&mut self, socket: &mut Socket) -> Option<()> {
        let frame = socket.read().await?;
        if frame["type"] == "message.created" {
            let room = ROOMS.iter().find(|room| frame["room_id"] == **room).expect("one of ours");
            let seq = frame["seq"].as_i64().expect("a seq");
            assert_eq!(seq, self.last(room) + 1, "no gap, no repeat, in order");
            self.seen.entry(room).or_default().push(seq);
        } else if frame["type"] == "ack" && frame["data"]["seq"].is_i64() {
            let (client_id, room) = self.pending.take().expect("one is under way");
            let seq = frame["data"]["seq"].as_i64().expect("a seq");
            self.acked.insert(client_id, (room.to_owned(), seq));
        } else if frame["type"] == "error" {
            assert_eq!(frame["data"]["code"], "unavailable", "{frame}");
            return None;
        }
        Some(())
    }
}

async fn send(socket: &mut Socket, room: &str, client_id: &str) -> Option<()> {
    let padding = "padding ".repeat(client_id.len() % 7 * 40);
    let data = json!({"room_id": room, "client_id": client_id, "content": format!("{client_id} {padding}")});
    socket.try_begin("message.send", data).await.ok().map(drop)
}

/// Talks until `enough` is said, through every end of a connection.
async fn talk(user: User, mut person: Person, target: usize, enough: Arc<AtomicBool>) -> Person {
    loop {
        let Some(mut socket) = person.come_back(&user).await else {
            tokio::task::yield_now().await;
            continue;
        };
        for frame in 0.. {
            if person.pending.is_none() && person.acked.len() < target {
                let room = ROOMS[person.sent % ROOMS.len()];
                let client_id = format!("{}-{}", user.id, person.sent);
                person.sent += 1;
                person.pending = Some((client_id.clone(), room));
                if send(&mut socket, room, &client_id).await.is_none() {
                    break;
                }
            }
            if person.acked.len() >= target && enough.load(Ordering::SeqCst) {
                return person;
            }
            let dropped = frame == FRAMES_BEFORE_A_DROP && person.acked.len() < target;
            if dropped || person.hear(&mut socket).await.is_none() {
                break;
            }
        }
    }
}

async fn people(server: &Server) -> Vec<User> {
    let mut ways: Vec<Address> = vec![server.bridge(false).await, server.bridge(true).await];
    ways.rotate_left(1);
    let mut users = Vec::new();
    for number in 0..PEOPLE {
        let id = format!("person-{number}");
        let address = ways[number % ways.len()].clone();
        let user = User::new(address, &id, Some(Token::of(&id).text()));
        user.get("/me").await.expect(200);
        users.push(user);
    }
    for room in ROOMS {
        let others: Vec<&User> = users[1..].iter().collect();
        users[0].room_with(room, &others).await;
    }
    users
}

/// Lets everyone talk until each has `target` acks, and `meanwhile` happens.
async fn round(
    users: &[User],
    persons: Vec<Person>,
    target: usize,
    meanwhile: impl AsyncFnOnce(),
) -> Vec<Person> {
    let enough = Arc::new(AtomicBool::new(false));
    let start = |(user, person): (&User, Person)| {
        let address = user.address().clone();
        let user = User::new(address, &user.id, Some(user.token().to_owned()));
        tokio::spawn(talk(user, person, target, enough.clone()))
    };
    let talking: Vec<JoinHandle<Person>> = users.iter().zip(persons).map(start).collect();
    meanwhile().await;
    enough.store(true, Ordering::SeqCst);
    let mut persons = Vec::new();
    for one in talking {
        persons.push(within("everyone to have said it", one).await.expect("no promise is broken"));
    }
    persons
}

async fn all_at_once(mut server: Server) {
    let users = people(&server).await;
    let persons = users.iter().map(|_| Person::default()).collect();
    let plain = server.bridge(false).await;
    let stuck = RawSocket::connect_narrow(&plain, users[0].token()).await;

    let persons = round(&users, persons, MESSAGES, async || {
        // In the middle of it: the first half of what is to be said is there.
        let half = (PEOPLE * MESSAGES / 2 / ROOMS.len()) as i64;
        let mut watcher = users[1].connect().await;
        let at = |event: &Value| event["type"] == "message.created" && event["seq"] == half;
        watcher.next_where("half of the messages", at).await;
        server.kill9().await;
        server.start_again().await;
    })
    .await;
    let mut persons = round(&users, persons, 2 * MESSAGES, async || {}).await;
    drop(stuck);

    let mut acked = BTreeMap::new();
    for person in &persons {
        assert_eq!(person.acked.len(), 2 * MESSAGES);
        acked.extend(person.acked.clone());
    }
    for room in ROOMS {
        let history = history_of(&users[0], room).await;
        let whole: Vec<i64> = (1..=history.len() as i64).collect();
        for (user, person) in users.iter().zip(&mut persons) {
            // What came after their last frame.
            let mut socket = user.connect_with("resume=1").await;
            socket.ask("session.resume", json!({"rooms": {room: person.last(room)}})).await;
            while person.last(room) < history.len() as i64 {
                let seq = socket.next_message(room).await["seq"].as_i64().expect("a seq");
                assert_eq!(seq, person.last(room) + 1);
                person.seen.entry(room).or_default().push(seq);
            }
            assert_eq!(person.seen[room], whole, "{} in {room}", user.id);
        }
        let stored: BTreeMap<&str, i64> = history
            .iter()
            .map(|m| (m["client_id"].as_str().expect("given"), m["seq"].as_i64().expect("a seq")))
            .collect();
        assert_eq!(stored.len(), history.len(), "nothing is there twice");
        for (client_id, (_, seq)) in acked.iter().filter(|(_, (at, _))| at == room) {
            assert_eq!(stored.get(client_id.as_str()), Some(seq), "{client_id} was acked");
        }
    }
}

#[tokio::test]
async fn all_at_once_plain_and_compressed() {
    all_at_once(Server::start().await).await;
}

#[tokio::test]
async fn all_at_once_over_tls_and_compressed_over_tls() {
    all_at_once(Server::builder().start_with_tls().await.0).await;
}
