//! Brings users into their rooms.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    Result, drive::Watch, frame, handler::Handler, process::Server, swarm::Swarm, wire::excerpt,
};

/// Connections that may be on their way at once; the kernel queues this many
/// for a server that is busy.
const AT_ONCE: usize = 128;
const POLL: Duration = Duration::from_millis(100);

/// A user and the room their connection is for.
pub struct Seat {
    pub user: String,
    pub room: String,
}

/// Connects every seat, in order, and waits until each has its session and is
/// a member of its room. Public rooms are joined on the way. Gives the rooms'
/// last `seq` as each connection learned it.
pub fn join(swarm: &mut Swarm, server: &Server, seats: &[Seat]) -> Result<Vec<u64>> {
    let mut joining = Joining { first: None, seats, heads: vec![None; seats.len()], joined: 0 };
    let mut opened = 0;
    let mut watch = Watch::new();
    while joining.joined < seats.len() {
        while opened < seats.len() && opened - joining.joined < AT_ONCE {
            let Seat { user, room } = &seats[opened];
            let number =
                swarm.open(server.address(), &format!("/ws?room={room}"), &server.token(user)?)?;
            joining.first.get_or_insert(number);
            opened += 1;
        }
        swarm.poll(POLL, &mut joining)?;
        watch.check(joining.joined as u64, || {
            format!("{} of {} connections are ready, {opened} open", joining.joined, seats.len())
        })?;
    }
    Ok(joining.heads.into_iter().flatten().collect())
}

struct Joining<'a> {
    /// The number of the first seat's connection.
    first: Option<usize>,
    seats: &'a [Seat],
    heads: Vec<Option<u64>>,
    joined: usize,
}

impl Handler for Joining<'_> {
    fn text(&mut self, from: usize, text: &[u8], _now: u64, _reply: &mut Vec<u8>) -> Result<()> {
        // Everyone in a room hears of everyone who comes: these are many.
        if text.starts_with(br#"{"type":"member."#) {
            return Ok(());
        }
        let Some(seat) = self.first.and_then(|first| from.checked_sub(first)) else {
            return Ok(());
        };
        let frame: Value = serde_json::from_slice(text)?;
        let data = &frame["data"];
        let rooms = match frame["type"].as_str() {
            Some("session.ready") => data["rooms"].as_array().map_or(&[][..], Vec::as_slice),
            Some("room.added") => std::slice::from_ref(&data["room"]),
            Some("error" | "auth.required" | "auth.failed") => return Err(excerpt(text).into()),
            _ => return Ok(()),
        };
        let own = rooms.iter().find(|room| room["room_id"] == self.seats[seat].room);
        if let Some(head) = own.and_then(|room| room["last_seq"].as_u64())
            && self.heads[seat].replace(head).is_none()
        {
            self.joined += 1;
        }
        Ok(())
    }
}

/// Makes a connection stop hearing of `room`. Its user stays a member, and so
/// may send.
pub fn unsubscribe(swarm: &mut Swarm, connection: usize, room: &str) -> Result<()> {
    const ID: &str = "unsubscribe";
    let command =
        json!({ "type": "room.unsubscribe", "id": ID, "data": { "room_id": room } }).to_string();
    frame::push(swarm.unsent(connection), frame::TEXT, command.as_bytes());
    swarm.flush(connection)?;
    let mut answer = Answer { connection, id: ID, come: false };
    let mut watch = Watch::new();
    while !answer.come {
        swarm.poll(POLL, &mut answer)?;
        watch.check(answer.come.into(), || format!("no answer to {command}"))?;
    }
    Ok(())
}

struct Answer {
    connection: usize,
    id: &'static str,
    come: bool,
}

impl Handler for Answer {
    fn text(&mut self, from: usize, text: &[u8], _now: u64, _reply: &mut Vec<u8>) -> Result<()> {
        if from != self.connection || text.starts_with(br#"{"type":"member."#) {
            return Ok(());
        }
        let frame: Value = serde_json::from_slice(text)?;
        if frame["id"] == self.id {
            self.come = frame["type"] == "ack";
            if !self.come {
                return Err(excerpt(text).into());
            }
        }
        Ok(())
    }
}
