//! Brings connections to a peer to where they take part.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use super::{Dialect, Role};
use crate::{Result, drive::Watch, frame, handler::Handler, swarm::Swarm};

/// Connections that may be on their way at once.
const AT_ONCE: usize = 128;
const POLL: Duration = Duration::from_millis(20);
/// A greeting without an answer is said again. ejabberd loses one in some
/// thousands that come right after the upgrade, on a busy machine.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);

/// Connects `roles`, in order, on a swarm that has no other connections, and
/// waits until each takes part.
pub fn seat(
    swarm: &mut Swarm,
    server: SocketAddr,
    dialect: &mut dyn Dialect,
    roles: &[Role],
) -> Result<()> {
    let mut seating = Seating { states: vec![State::Silent; roles.len()], dialect, roles };
    let (mut opened, mut greeted, mut seated) = (0, 0, 0);
    let (mut watch, mut repeated) = (Watch::new(), Instant::now());
    while seated < roles.len() {
        while opened < roles.len() && opened - seated < AT_ONCE {
            let (path, headers) = (seating.dialect.path(roles[opened]), seating.dialect.headers());
            swarm.open_with(server, path, headers)?;
            opened += 1;
        }
        swarm.poll(POLL, &mut seating)?;
        while greeted < opened && swarm.upgraded(greeted) {
            seating.greet(swarm, greeted)?;
            greeted += 1;
        }
        if repeated.elapsed() > ANSWER_TIMEOUT {
            repeated = Instant::now();
            seating.greet_again(swarm, seated..greeted)?;
        }
        while seated < greeted && seating.takes_part(seated) {
            seated += 1;
        }
        watch.check(seated as u64, || {
            format!("{seated} of {} connections take part, {opened} are open", roles.len())
        })?;
    }
    Ok(())
}

struct Seating<'a> {
    dialect: &'a mut dyn Dialect,
    roles: &'a [Role],
    states: Vec<State>,
}

/// How far a connection is.
#[derive(Clone, Copy, PartialEq)]
enum State {
    /// Has heard nothing.
    Silent,
    Greeted(Instant),
    Answered,
    TakesPart,
}

impl Seating<'_> {
    fn greet(&mut self, swarm: &mut Swarm, connection: usize) -> Result<()> {
        let greeting = self.dialect.greeting(connection, self.roles[connection])?;
        let Some(greeting) = greeting else { return Ok(()) };
        self.states[connection] = State::Greeted(Instant::now());
        frame::push(swarm.unsent(connection), frame::TEXT, greeting.as_bytes());
        swarm.flush(connection)
    }

    fn greet_again(&mut self, swarm: &mut Swarm, range: std::ops::Range<usize>) -> Result<()> {
        for connection in range {
            if let State::Greeted(at) = self.states[connection]
                && at.elapsed() > ANSWER_TIMEOUT
            {
                self.greet(swarm, connection)?;
            }
        }
        Ok(())
    }

    /// For a connection that is upgraded.
    fn takes_part(&self, connection: usize) -> bool {
        !self.dialect.greets() || self.states[connection] == State::TakesPart
    }
}

impl Handler for Seating<'_> {
    fn text(&mut self, from: usize, text: &[u8], _now: u64, reply: &mut Vec<u8>) -> Result<()> {
        if self.dialect.hear(from, text, reply)? {
            self.states[from] = State::TakesPart;
        } else if self.states[from] != State::TakesPart {
            self.states[from] = State::Answered;
        }
        Ok(())
    }
}
