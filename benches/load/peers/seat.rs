//! Brings connections to a peer to where they take part.

use std::{net::SocketAddr, time::Duration};

use super::{Dialect, Role};
use crate::{
    Result,
    drive::Watch,
    frame,
    swarm::{Handler, Swarm},
};

/// Connections that may be on their way at once.
const AT_ONCE: usize = 128;
const POLL: Duration = Duration::from_millis(20);

/// Connects `roles`, in order, on a swarm that has no other connections, and
/// waits until each takes part.
pub fn seat(
    swarm: &mut Swarm,
    server: SocketAddr,
    dialect: &mut dyn Dialect,
    roles: &[Role],
) -> Result<()> {
    let mut seating = Seating { dialect, heard: vec![false; roles.len()] };
    let (mut opened, mut greeted, mut seated) = (0, 0, 0);
    let mut watch = Watch::new();
    while seated < roles.len() {
        while opened < roles.len() && opened - seated < AT_ONCE {
            let (path, headers) = (seating.dialect.path(roles[opened]), seating.dialect.headers());
            swarm.open_with(server, path, headers)?;
            opened += 1;
        }
        swarm.poll(POLL, &mut seating)?;
        while greeted < opened && swarm.upgraded(greeted) {
            if let Some(greeting) = seating.dialect.greeting() {
                frame::push(swarm.unsent(greeted), frame::TEXT, greeting.as_bytes());
                swarm.flush(greeted)?;
            }
            greeted += 1;
        }
        let greets = seating.dialect.greets();
        let ready = |at| if greets { seating.heard[at] } else { swarm.upgraded(at) };
        while seated < opened && ready(seated) {
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
    heard: Vec<bool>,
}

impl Handler for Seating<'_> {
    fn text(&mut self, from: usize, text: &[u8], _now: u64, reply: &mut Vec<u8>) -> Result<()> {
        self.heard[from] |= self.dialect.hear(from, text, reply)?;
        Ok(())
    }
}
