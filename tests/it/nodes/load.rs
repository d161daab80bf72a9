//! Clients that go on whatever happens to a node: they send again what was
//! not acked, and resume elsewhere. At the end it is counted what they saw.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::{
    task::JoinHandle,
    time::{interval, timeout},
};

use crate::support::{Address, DEADLINE, Socket, Token, User, history_of, within};

/// How long a client waits for a node before it tries another one.
const PATIENCE: Duration = Duration::from_secs(3);

/// What a client sees of a room.
#[derive(Debug, Default)]
struct Seen {
    last: i64,
    messages: usize,
    duplicates: usize,
    gaps: usize,
    /// The longest time without a message.
    longest: Duration,
    reconnects: usize,
}

impl Seen {
    fn hear(&mut self, seq: i64) {
        match seq - self.last {
            1 => {
                self.last = seq;
                self.messages += 1;
            }
            ..=0 => self.duplicates += 1,
            _ => {
                self.gaps += 1;
                self.last = seq;
            }
        }
    }
}

/// What came of all of it.
#[derive(Debug)]
#[allow(dead_code, reason = "they are printed")]
pub struct Outcome {
    pub acked: usize,
    pub stored: usize,
    pub delivered: usize,
    pub duplicates: usize,
    pub gaps: usize,
    pub reconnects: usize,
    /// The longest time that any reader heard nothing.
    pub longest: Duration,
}

/// Senders and readers of one room, spread over the nodes.
pub struct Load {
    addresses: Vec<Address>,
    stop: Arc<AtomicBool>,
    senders: Vec<JoinHandle<BTreeMap<String, i64>>>,
    readers: Vec<(Arc<std::sync::Mutex<Seen>>, JoinHandle<()>)>,
}

fn user(id: &str, address: &Address) -> User {
    User::new(address.clone(), id, Some(Token::of(id).text()))
}

impl Load {
    /// The room has to exist, and `reader-…` and `sender-…` to be members.
    pub async fn start(addresses: Vec<Address>, senders: usize, readers: usize) -> Self {
        let first = user("owner", &addresses[0]);
        first.create_room("den", "private").await;
        for (kind, count) in [("sender", senders), ("reader", readers)] {
            for number in 0..count {
                let member = user(&format!("{kind}-{number}"), &addresses[0]);
                member.get("/me").await.expect(200);
                first.add_member("den", &member).await.expect(201);
            }
        }
        let stop = Arc::new(AtomicBool::new(false));
        let mut load = Self { addresses, stop, senders: Vec::new(), readers: Vec::new() };
        for number in 0..readers {
            let seen = Arc::new(std::sync::Mutex::new(Seen::default()));
            let reading = read(number, load.addresses.clone(), seen.clone());
            load.readers.push((seen, tokio::spawn(reading)));
        }
        for number in 0..senders {
            let sending = send(number, load.addresses.clone(), load.stop.clone());
            load.senders.push(tokio::spawn(sending));
        }
        load
    }

    /// Waits until everybody has heard so many messages more.
    pub async fn goes_on(&self, more: usize) {
        let heard = || {
            let seen = |(seen, _): &(Arc<std::sync::Mutex<Seen>>, _)| {
                seen.lock().expect("not poisoned").messages
            };
            self.readers.iter().map(seen).collect::<Vec<usize>>()
        };
        let before = heard();
        let mut tick = interval(Duration::from_millis(10));
        let waiting = async {
            while heard().iter().zip(&before).any(|(now, before)| now - before < more) {
                tick.tick().await;
            }
        };
        let waited = timeout(2 * DEADLINE, waiting).await;
        assert!(waited.is_ok(), "somebody hears nothing any more: {before:?} {:?}", heard());
    }

    /// Lets the senders finish what they have begun, waits until every reader
    /// has it, and counts.
    pub async fn finish(self, what: &str) -> Outcome {
        self.finish_after(what, 0).await
    }

    /// The same after so many new lives of the database: each has begun above the
    /// numbers of the one before.
    pub async fn finish_after(self, what: &str, lives: usize) -> Outcome {
        self.stop.store(true, Ordering::Relaxed);
        let mut acked = BTreeMap::new();
        for sender in self.senders {
            acked.extend(within("the last acks", sender).await.expect("it sends"));
        }
        let history = stored(&self.addresses).await.expect("a node tells the history");
        let last = history.last().map_or(0, |message| message["seq"].as_i64().expect("a seq"));
        let caught_up = async {
            let mut tick = interval(Duration::from_millis(10));
            while self.readers.iter().any(|(seen, _)| seen.lock().expect("whole").last < last) {
                tick.tick().await;
            }
        };
        let all = timeout(DEADLINE, caught_up).await;
        let seen: Vec<Seen> = self
            .readers
            .into_iter()
            .map(|(seen, reader)| {
                reader.abort();
                std::mem::take(&mut *seen.lock().expect("whole"))
            })
            .collect();
        assert!(all.is_ok(), "{what}: not everybody has heard all {last}: {seen:?}");
        let sum = |count: fn(&Seen) -> usize| seen.iter().map(count).sum();
        let outcome = Outcome {
            acked: acked.len(),
            stored: history.len(),
            delivered: sum(|seen| seen.messages),
            duplicates: sum(|seen| seen.duplicates),
            gaps: sum(|seen| seen.gaps),
            reconnects: sum(|seen| seen.reconnects),
            longest: seen.iter().map(|seen| seen.longest).max().unwrap_or_default(),
        };
        println!("{what}: {outcome:?}");
        check(&acked, &history, &outcome, (seen.len(), lives));
        outcome
    }
}

/// Every acked message is stored once, where its ack said; everybody heard
/// everything once and in order.
fn check(
    acked: &BTreeMap<String, i64>,
    history: &[Value],
    outcome: &Outcome,
    (readers, lives): (usize, usize),
) {
    let mut by_client = BTreeMap::new();
    for message in history {
        let client_id = message["client_id"].as_str().expect("given").to_owned();
        let twice = by_client.insert(client_id, message["seq"].as_i64().expect("a seq"));
        assert_eq!(twice, None, "stored twice: {message}");
    }
    for (client_id, seq) in acked {
        assert_eq!(by_client.get(client_id), Some(seq), "{client_id} was acked");
    }
    let mut seqs: Vec<i64> = by_client.values().copied().collect();
    seqs.sort_unstable();
    assert_eq!(seqs.first(), Some(&1));
    let jumps = seqs.windows(2).filter(|pair| pair[1] != pair[0] + 1).count();
    assert_eq!(jumps, lives, "no gap in the room: {seqs:?}");
    assert_eq!((outcome.duplicates, outcome.gaps), (0, 0), "{outcome:?}");
    assert_eq!(outcome.delivered, readers * history.len(), "{outcome:?}");
}

/// What the first node says that answers.
async fn stored(addresses: &[Address]) -> Option<Vec<Value>> {
    for address in addresses {
        let owner = user("owner", address);
        let reading = tokio::spawn(async move { history_of(&owner, "den").await });
        if let Ok(Ok(history)) = timeout(PATIENCE, reading).await {
            return Some(history);
        }
    }
    None
}

/// Connects to the first node that answers, beginning with one of them.
async fn connect(id: &str, addresses: &[Address], first: usize, query: &str) -> Socket {
    let mut at = first;
    let mut tick = interval(Duration::from_millis(20));
    loop {
        tick.tick().await;
        let user = user(id, &addresses[at % addresses.len()]);
        if let Ok(Some(socket)) = timeout(PATIENCE, user.try_connect_with(query)).await {
            return socket;
        }
        at += 1;
    }
}

/// Sends one after the other, each until it is acked.
async fn send(
    number: usize,
    addresses: Vec<Address>,
    stop: Arc<AtomicBool>,
) -> BTreeMap<String, i64> {
    let id = format!("sender-{number}");
    let mut acked = BTreeMap::new();
    let mut socket = connect(&id, &addresses, number, "").await;
    // As people do who all write at once.
    let mut tick = interval(Duration::from_millis(5));
    for message in 0.. {
        tick.tick().await;
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let client_id = format!("{id}-{message}");
        let mut tries = 0;
        let seq = loop {
            let data = json!({"room_id": "den", "client_id": client_id, "content": client_id});
            if let Ok(Some(seq)) = timeout(PATIENCE, sent(&mut socket, data)).await {
                break seq;
            }
            tries += 1;
            socket = connect(&id, &addresses, number + tries, "").await;
        };
        acked.insert(client_id, seq);
    }
    acked
}

/// The position of a message; `None` if the connection ended, or the node
/// cannot take it now.
async fn sent(socket: &mut Socket, data: Value) -> Option<i64> {
    let id = socket.try_begin("message.send", data).await.ok()?;
    loop {
        let frame = socket.read().await?;
        if frame["id"] == id.as_str() {
            return (frame["type"] == "ack").then(|| frame["data"]["seq"].as_i64())?;
        }
    }
}

/// Reads, and goes on elsewhere where the node is gone.
async fn read(number: usize, addresses: Vec<Address>, seen: Arc<std::sync::Mutex<Seen>>) {
    let id = format!("reader-{number}");
    for turn in 0.. {
        let mut socket = connect(&id, &addresses, number + turn, "resume=1").await;
        let last = seen.lock().expect("whole").last;
        let resume = json!({"rooms": {"den": last}});
        if let Ok(resume) = socket.try_begin("session.resume", resume).await {
            follow(&mut socket, &resume, &addresses, &seen).await;
        }
        seen.lock().expect("whole").reconnects += 1;
    }
}

async fn follow(
    socket: &mut Socket,
    resume: &str,
    addresses: &[Address],
    seen: &Arc<std::sync::Mutex<Seen>>,
) {
    let mut heard_at = Instant::now();
    // What comes before the answer belongs behind what it says.
    let mut early = Some(Vec::new());
    // A node that says nothing for long may be frozen: as a client's
    // heartbeat would, this looks elsewhere.
    while let Ok(Some(frame)) = timeout(PATIENCE, socket.read()).await {
        if frame["type"] == "server.goaway" {
            return;
        }
        if frame["id"] == resume {
            let den = &frame["data"]["rooms"]["den"];
            if den["resync"] == true {
                // Another life of the database, with numbers of its own: what is there
                // is read, up to where the events begin.
                let head = den["room"]["last_seq"].as_i64().expect("a position");
                let Some(history) = stored(addresses).await else { return };
                let mut seen = seen.lock().expect("whole");
                let missed = seen.last + 1..=head;
                let all = history.iter().filter_map(|message| message["seq"].as_i64());
                seen.messages += all.filter(|seq| missed.contains(seq)).count();
                seen.last = head;
            }
            let mut seen = seen.lock().expect("whole");
            early.take().into_iter().flatten().for_each(|seq| seen.hear(seq));
        }
        if frame["type"] != "message.created" {
            continue;
        }
        let seq = frame["seq"].as_i64().expect("a seq");
        if let Some(early) = &mut early {
            early.push(seq);
            continue;
        }
        let mut seen = seen.lock().expect("whole");
        seen.longest = seen.longest.max(heard_at.elapsed());
        heard_at = Instant::now();
        seen.hear(seq);
    }
}
