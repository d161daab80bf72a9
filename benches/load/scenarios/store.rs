//! Whether a page of history and the server's start depend on how much there
//! is: they must not, nor on how much of it the one who asks has read.

use std::{
    fs,
    thread::sleep,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{Case, metric, with_server};
use crate::{
    Result,
    audit::Findings,
    chance::Chance,
    fill::{OTHERS_EVERY, fill},
    options::Options,
    process::Server,
    report::{Measured, grouped},
    rest::{Rest, create_rooms},
    stats::{Histogram, now_ns},
};

const MESSAGES: [u64; 2] = [10_000, 5_000_000];
const OTHER_ROOMS: usize = 10;
/// Pages of each kind.
const PAGES: usize = 500;
/// As the server gives without `limit`.
const PAGE: u64 = 50;
/// Of the one who has read nothing.
const UNREAD_PAGES: usize = 20;
/// Sends all, and has read all.
const OWNER: &str = "owner";
/// Has read nothing.
const LURKER: &str = "lurker";
const READY_MAX: Duration = Duration::from_secs(120);

pub fn cases() -> Vec<Case> {
    let case = |messages| {
        Case::new(format!("{} messages", grouped(messages)), move |options: &Options| {
            with_server(options, &[], |server| run(server, messages))
        })
    };
    MESSAGES.into_iter().map(case).collect()
}

fn run(server: &mut Server, messages: u64) -> Result<Measured> {
    let rooms: Vec<String> = (0..=OTHER_ROOMS).map(|room| format!("room-{room}")).collect();
    let begin = Instant::now();
    let bytes = stock(server, &rooms, messages)?;
    let filled = begin.elapsed();

    let begin = Instant::now();
    server.start_again()?;
    let listening = begin.elapsed();
    let mut rest = ready(server, begin)?;
    let started = begin.elapsed();
    change(server, OWNER, &format!("/api/v1/rooms/{}/read", rooms[0]), r#"{"all":true}"#)?;
    let head = messages - messages / OTHERS_EVERY;
    let path = format!("/api/v1/rooms/{}/messages", rooms[0]);
    let mut reader = Reader { rest: &mut rest, path, token: server.token(OWNER)?, wrong: 0 };
    let newest = reader.pages(PAGES, || (String::new(), head))?;
    let mut chance = Chance::new(3);
    let random = reader.pages(PAGES, || {
        let before = PAGE + 1 + chance.below(head - PAGE);
        (format!("?before={before}"), before - 1)
    })?;
    reader.token = server.token(LURKER)?;
    let unread = reader.pages(UNREAD_PAGES, || (String::new(), head))?;
    let findings = Findings { gaps: reader.wrong, repeats: 0 };

    let mib = 1024.0 * 1024.0;
    let metrics = vec![
        metric("newest_p50_ms", "newest page p50 ms", newest.quantile_ms(0.50), 3),
        metric("newest_p99_ms", "p99 ms", newest.quantile_ms(0.99), 3),
        metric("random_p50_ms", "random page p50 ms", random.quantile_ms(0.50), 3),
        metric("random_p99_ms", "p99 ms", random.quantile_ms(0.99), 3),
        metric("unread_p50_ms", "newest page, all unread, p50 ms", unread.quantile_ms(0.50), 3),
        metric("start_s", "start until ready s", started.as_secs_f64(), 3),
        metric("listening_s", "until it listens s", listening.as_secs_f64(), 3),
        metric("database_mib", "database MiB", bytes as f64 / mib, 0),
        metric("fill_s", "filled in s", filled.as_secs_f64(), 1),
        metric("resident_mib", "RSS MiB", server.resident_kib()? as f64 / 1024.0, 1),
    ];
    Ok(Measured { metrics, findings })
}

/// Leaves the server stopped, with the messages in its database, and gives
/// the size of that.
fn stock(server: &mut Server, rooms: &[String], messages: u64) -> Result<u64> {
    let owned: Vec<_> = rooms.iter().map(|room| (OWNER.to_string(), room.clone())).collect();
    create_rooms(server, "public", &owned)?;
    let member = format!("/api/v1/rooms/{}/members/{LURKER}", rooms[0]);
    change(server, LURKER, &member, "")?;
    server.stop()?;
    let database = server.data().join("parlor.db");
    fill(&database, rooms, OWNER, messages)?;
    Ok(fs::metadata(&database)?.len())
}

fn change(server: &Server, user: &str, path: &str, body: &str) -> Result<()> {
    let (status, answer) = Rest::connect(server)?.put(path, &server.token(user)?, body)?;
    match status {
        200 | 201 => Ok(()),
        _ => Err(format!("PUT {path}: {status} {answer}").into()),
    }
}

/// Waits for `/health/ready`, and gives the connection that heard it.
fn ready(server: &Server, begin: Instant) -> Result<Rest> {
    let mut rest = Rest::connect(server)?;
    loop {
        let (status, body) =
            rest.get("/health/ready", "").map_err(|e| format!("/health/ready: {e}"))?;
        match status {
            200 => return Ok(rest),
            503 if begin.elapsed() < READY_MAX => sleep(Duration::from_millis(1)),
            _ => return Err(format!("not ready: {status} {body}").into()),
        }
    }
}

struct Reader<'a> {
    rest: &'a mut Rest,
    path: String,
    token: String,
    /// Pages that are not what they must be.
    wrong: u64,
}

impl Reader<'_> {
    /// Times pages. `choose` gives each one's query and the `seq` of its last
    /// message.
    fn pages(
        &mut self,
        count: usize,
        mut choose: impl FnMut() -> (String, u64),
    ) -> Result<Histogram> {
        let mut times = Histogram::new();
        for _ in 0..count {
            let (query, last) = choose();
            let begin = now_ns();
            let answer = self.rest.get(&format!("{}{query}", self.path), &self.token);
            let (status, body) = answer.map_err(|e| format!("{}{query}: {e}", self.path))?;
            times.record(now_ns() - begin);
            if status != 200 {
                return Err(format!("GET {}{query}: {status} {body}", self.path).into());
            }
            let page: Value = serde_json::from_str(&body)?;
            let seqs = page["messages"].as_array().into_iter().flatten().map(|m| m["seq"].as_u64());
            if !seqs.clone().eq((last + 1 - PAGE..=last).map(Some)) {
                self.wrong += 1;
                let (first, end) = (seqs.clone().next(), seqs.clone().next_back());
                eprintln!("{}{query}: {} messages, {first:?} to {end:?}", self.path, seqs.count());
            }
        }
        Ok(times)
    }
}
