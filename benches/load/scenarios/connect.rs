//! People in very many rooms connect: until they are told who they are, until
//! they have been told of all rooms, and what that costs the server.

use std::time::{Duration, Instant};

use serde::Deserialize;

use super::{Case, metric, with_server};
use crate::{
    Result,
    audit::Findings,
    drive::Watch,
    fill::fill_rooms,
    frame,
    handler::Handler,
    options::Options,
    process::Server,
    report::{Measured, grouped},
    rest::create_rooms,
    stats::{Histogram, now_ns},
    swarm::Swarm,
};

const ROOMS: [u64; 3] = [1, 1_000, 10_000];
const USER: &str = "user-0";
/// Connections that are not measured: the first one brings the rooms into the
/// server's memory.
const WARM_UP: usize = 2;
const CONNECTS: usize = 20;
const POLL: Duration = Duration::from_millis(100);
const RESUME: &str = "resume";
/// Rooms that one `session.resume` names.
const NAMED: usize = 900;

pub fn cases() -> Vec<Case> {
    let case = |rooms| {
        Case::new(format!("{} rooms", grouped(rooms)), move |options: &Options| {
            with_server(options, &[], |server| run(server, rooms))
        })
    };
    ROOMS.into_iter().map(case).collect()
}

fn run(server: &mut Server, rooms: u64) -> Result<Measured> {
    create_rooms(server, "private", &[(USER.to_owned(), "first".to_owned())])?;
    server.stop()?;
    fill_rooms(&server.data().join("parlor.db"), USER, rooms - 1)?;
    server.start_again()?;
    let mut swarm = Swarm::new(server.carrier())?;
    let token = server.token(USER)?;
    let fresh = measure(&mut swarm, server, &token, "/ws", rooms)?;
    let back = measure(&mut swarm, server, &token, "/ws?resume=1", rooms)?;
    let each = |total: f64| total / CONNECTS as f64;
    let metrics = vec![
        metric("ready_p50_ms", "ready p50 ms", fresh.ready.quantile_ms(0.50), 1),
        metric("ready_max_ms", "max ms", fresh.ready.max_ms(), 1),
        metric("complete_p50_ms", "all told p50 ms", fresh.complete.quantile_ms(0.50), 1),
        metric("complete_max_ms", "max ms", fresh.complete.max_ms(), 1),
        metric("cpu_ms", "server CPU ms", each(fresh.cpu_ms), 1),
        metric("kib", "told KiB", each(fresh.bytes as f64) / 1024.0, 1),
        metric("frames", "frames", each(fresh.frames as f64), 1),
        metric("resumed_p50_ms", "resumed p50 ms", back.complete.quantile_ms(0.50), 1),
        metric("resume_cpu_ms", "CPU ms", each(back.cpu_ms), 1),
        metric("resident_mib", "RSS MiB", server.resident_kib()? as f64 / 1024.0, 1),
    ];
    Ok(Measured { metrics, findings: Findings::default() })
}

/// What some connections came to.
struct Told {
    ready: Histogram,
    /// All rooms were told of; of who comes back, all are live.
    complete: Histogram,
    cpu_ms: f64,
    bytes: u64,
    frames: u64,
}

fn measure(
    swarm: &mut Swarm,
    server: &Server,
    token: &str,
    path: &str,
    rooms: u64,
) -> Result<Told> {
    let mut told = Told {
        ready: Histogram::new(),
        complete: Histogram::new(),
        cpu_ms: 0.0,
        bytes: 0,
        frames: 0,
    };
    for turn in 0..WARM_UP + CONNECTS {
        let cpu = server.cpu_ns();
        let begin = now_ns();
        let mut arriving = Arriving { resumes: path.contains("resume"), ..Arriving::default() };
        let number = swarm.open(server.address(), path, token)?;
        let (mut watch, started) = (Watch::new(), Instant::now());
        while arriving.done_at == 0 {
            swarm.poll(POLL, &mut arriving)?;
            watch.check(arriving.bytes, || {
                format!("{} rooms told of after {:?}", arriving.rooms.len(), started.elapsed())
            })?;
        }
        if arriving.rooms.len() as u64 != rooms {
            return Err(format!("told of {} rooms of {rooms}", arriving.rooms.len()).into());
        }
        if turn >= WARM_UP {
            told.ready.record(arriving.ready_at - begin);
            told.complete.record(arriving.done_at - begin);
            told.cpu_ms += (server.cpu_ns() - cpu) as f64 / 1e6;
            told.bytes += arriving.bytes;
            told.frames += arriving.frames;
        }
        swarm.close(number);
    }
    Ok(told)
}

#[derive(Default)]
struct Arriving {
    resumes: bool,
    rooms: Vec<String>,
    /// How many of them have been named.
    named: usize,
    ready_at: u64,
    done_at: u64,
    bytes: u64,
    frames: u64,
}

#[derive(Deserialize)]
struct Piece {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    rooms: Vec<Entry>,
    complete: bool,
}

#[derive(Deserialize)]
struct Entry {
    room_id: String,
}

impl Arriving {
    /// Names some rooms, and whether more follow.
    fn resume(&mut self, reply: &mut Vec<u8>) {
        let to = self.rooms.len().min(self.named + NAMED);
        let some: serde_json::Map<_, _> =
            self.rooms[self.named..to].iter().map(|room| (room.clone(), 0.into())).collect();
        self.named = to;
        let more = to < self.rooms.len();
        let command = serde_json::json!({
            "type": "session.resume", "id": RESUME, "data": { "rooms": some, "more": more },
        });
        frame::push(reply, frame::TEXT, command.to_string().as_bytes());
    }
}

impl Handler for Arriving {
    fn text(&mut self, _: usize, text: &[u8], now: u64, reply: &mut Vec<u8>) -> Result<()> {
        self.bytes += text.len() as u64;
        self.frames += 1;
        let is = |kind: &str| text.starts_with(format!(r#"{{"type":"{kind}""#).as_bytes());
        if is("session.ready") || is("session.rooms") {
            if is("session.ready") {
                self.ready_at = now;
            }
            let Piece { data } = serde_json::from_slice(text)?;
            self.rooms.extend(data.rooms.into_iter().map(|room| room.room_id));
            match (data.complete, self.resumes) {
                (true, true) => self.resume(reply),
                (true, false) => self.done_at = now,
                (false, _) => {}
            }
        } else if is("ack") {
            if self.named < self.rooms.len() {
                self.resume(reply);
            } else {
                self.done_at = now;
            }
        } else if is("error") {
            return Err(crate::wire::excerpt(text).into());
        }
        Ok(())
    }
}
