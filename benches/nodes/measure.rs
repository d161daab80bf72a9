//! What is measured.

use std::{
    fmt,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use reqwest::Method;
use serde_json::json;
use tokio::time::{MissedTickBehavior, interval};

use super::{
    client::{Client, call, metrics},
    cluster::Cluster,
};

/// The middle and the hundredth worst, in milliseconds.
fn quantiles(times: &mut [Duration]) -> (f64, f64) {
    times.sort_unstable();
    let at = |share: f64| {
        let index = ((times.len() as f64 - 1.0) * share) as usize;
        times.get(index).map_or(0.0, |time| time.as_secs_f64() * 1_000.0)
    };
    (at(0.5), at(0.99))
}

pub struct Acks {
    per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
    node_us: f64,
    below_us: f64,
}

impl fmt::Display for Acks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { per_second, p50_ms, p99_ms, node_us, below_us } = self;
        write!(
            f,
            "{per_second:>7.0} acks/s  p50 {p50_ms:>6.2} ms  p99 {p99_ms:>6.2} ms  \
             {node_us:>5.0} us of node CPU an ack, {below_us:>5.0} of PostgreSQL and Redis"
        )
    }
}

/// Each sender sends into one of the rooms, one message after the other.
pub async fn acks(cluster: &Cluster, senders: usize, rooms: usize, time: Duration) -> Acks {
    for number in 0..rooms {
        let room = json!({"room_id": format!("room-{number}"), "kind": "public"});
        call(cluster.node(0), "owner", Method::POST, "/rooms", room).await;
    }
    let mut clients = Vec::new();
    for number in 0..senders {
        let (node, user) = (cluster.node(number), format!("sender-{number}"));
        let member = format!("/rooms/room-{}/members/{user}", number % rooms);
        call(node, &user, Method::PUT, &member, json!({})).await;
        clients.push(Client::connect(node, &user).await);
    }
    let before = cluster.cpu();
    let began = Instant::now();
    let sending = clients.into_iter().enumerate().map(|(number, mut client)| {
        tokio::spawn(async move {
            let room = format!("room-{}", number % rooms);
            let mut times = Vec::new();
            while began.elapsed() < time {
                let sent = Instant::now();
                client.say(&room, "what one says to another in a chat, some forty bytes").await;
                times.push(sent.elapsed());
            }
            times
        })
    });
    let mut times = Vec::new();
    for sender in sending.collect::<Vec<_>>() {
        times.extend(sender.await.expect("it sends"));
    }
    let after = cluster.cpu();
    let count = times.len() as f64;
    let (node_us, below_us) =
        ((after.0 - before.0) * 1e6 / count, (after.1 - before.1) * 1e6 / count);
    let (p50_ms, p99_ms) = quantiles(&mut times);
    let per_second = count / began.elapsed().as_secs_f64();
    Acks { per_second, p50_ms, p99_ms, node_us, below_us }
}

pub struct Fanout {
    deliveries: usize,
    expected: usize,
    here: (f64, f64),
    elsewhere: (f64, f64),
    server_us: f64,
    hints: f64,
    hint_bytes: f64,
}

impl fmt::Display for Fanout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { deliveries, expected, here, elsewhere, server_us, hints, hint_bytes } = self;
        write!(
            f,
            "{deliveries} of {expected} delivered  same node p50 {:.2} p99 {:.2} ms  other nodes \
             p50 {:.2} p99 {:.2} ms  {server_us:.1} us of node CPU a delivery  {hints:.2} messages \
             and {hint_bytes:.0} bytes to Redis a chat message",
            here.0, here.1, elsewhere.0, elsewhere.1
        )
    }
}

/// One sender on the first node; readers on all. How long a message takes is
/// what its sender and its reader see, on one clock.
pub async fn fanout(cluster: &Cluster, readers: usize, rate: u32, time: Duration) -> Fanout {
    let first = &cluster.nodes[0];
    call(first, "owner", Method::POST, "/rooms", json!({"room_id": "den", "kind": "public"})).await;
    let total = (rate as u64 * time.as_secs()) as usize;
    let sent: Arc<Mutex<Vec<Instant>>> = Arc::default();
    let mut reading = Vec::new();
    for number in 0..readers {
        let (node, user) = (cluster.node(number), format!("reader-{number}"));
        let member = format!("/rooms/den/members/{user}");
        call(node, &user, Method::PUT, &member, json!({})).await;
        let mut client = Client::connect(node, &user).await;
        let (sent, is_here) = (sent.clone(), number % cluster.nodes.len() == 0);
        reading.push(tokio::spawn(async move {
            let mut times = Vec::with_capacity(total);
            while times.len() < total {
                let frame = client.next().await;
                if frame["type"] == "message.created" {
                    let number: usize = frame["data"]["content"]
                        .as_str()
                        .and_then(|n| n.parse().ok())
                        .expect("a number");
                    let began = sent.lock().expect("whole")[number];
                    times.push(began.elapsed());
                }
            }
            (is_here, times)
        }));
    }
    let mut sender = Client::connect(first, "owner").await;
    let counted = |text: &str, name: &str| -> f64 {
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name} ")));
        line.and_then(|number| number.parse().ok()).unwrap_or(0.0)
    };
    let before_metrics = metrics(first).await;
    let before: f64 = cluster.nodes.iter().map(|node| node.cpu()).sum();
    let mut tick = interval(Duration::from_secs(1) / rate);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for number in 0..total {
        tick.tick().await;
        sent.lock().expect("whole").push(Instant::now());
        sender.say("den", &number.to_string()).await;
    }
    let (mut here, mut elsewhere) = (Vec::new(), Vec::new());
    for reader in reading {
        let (is_here, times) = reader.await.expect("it reads");
        if is_here { &mut here } else { &mut elsewhere }.extend(times);
    }
    let cpu = cluster.nodes.iter().map(|node| node.cpu()).sum::<f64>() - before;
    let after = metrics(first).await;
    let added = |name: &str| counted(&after, name) - counted(&before_metrics, name);
    let deliveries = here.len() + elsewhere.len();
    Fanout {
        deliveries,
        expected: total * readers,
        server_us: cpu * 1e6 / deliveries as f64,
        here: quantiles(&mut here),
        elsewhere: quantiles(&mut elsewhere),
        hints: added("parlor_hints_published_total") / total as f64,
        hint_bytes: added("parlor_hint_bytes_total") / total as f64,
    }
}
