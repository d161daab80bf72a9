//! A socket that says when there is something new. What it is, whoever waits asks for: so
//! a cut connection costs nothing but time.

use std::{sync::Arc, time::Duration};

use reqwest::Method;
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

use super::super::remote::Server;
use crate::outbound::{NoSocket, Socket};
use parlor_domain::limits::{ASSISTANT_LOOK, ASSISTANT_SILENCE, REMOTE_AGAIN, REMOTE_PATIENCE};

/// Types of the frames after which there may be something to read.
const NEW: [&str; 3] = ["session.ready", "message.created", "room.added"];

pub(super) struct News {
    changes: watch::Receiver<u64>,
}

impl News {
    pub fn of(server: Arc<Server>) -> Self {
        let (sender, changes) = watch::channel(0);
        tokio::spawn(follow(server, sender));
        Self { changes }
    }

    /// Somebody who waits for what comes from now on.
    pub fn waiting(&self) -> Waiting {
        let mut changes = self.changes.clone();
        changes.mark_unchanged();
        Waiting { changes }
    }
}

/// Somebody who waits for news.
pub(super) struct Waiting {
    changes: watch::Receiver<u64>,
}

impl Waiting {
    /// Until there may be something new, and never for long: a socket that is cut says
    /// nothing.
    pub async fn next(&mut self, most: Duration) {
        // Nobody follows any more only when all of it ends.
        let _ = timeout(most.min(ASSISTANT_LOOK), self.changes.changed()).await;
    }
}

async fn follow(server: Arc<Server>, sender: watch::Sender<u64>) {
    let mut pause = REMOTE_AGAIN;
    while !sender.is_closed() {
        let mut was_open = false;
        let why = listen(&server, &sender, &mut was_open).await;
        log::info!("what is new is asked for now and then, because no socket says it: {why}");
        pause = if was_open { REMOTE_AGAIN } else { (pause * 2).min(REMOTE_PATIENCE) };
        sleep(pause).await;
    }
}

/// Tells what a socket says until it ends; why it did.
async fn listen(server: &Server, sender: &watch::Sender<u64>, was_open: &mut bool) -> String {
    let request = server.request(Method::GET, server.socket_url());
    let mut socket = match Socket::open(request).await {
        Ok(socket) => socket,
        Err(NoSocket::Broken(why)) => return why,
        Err(NoSocket::Answered(answer)) => {
            return format!("it was answered with {}", answer.status().as_u16());
        }
    };
    loop {
        let frame = match timeout(ASSISTANT_SILENCE, socket.frame()).await {
            Ok(Ok(frame)) => frame,
            Ok(Err(why)) => return why,
            Err(_) => return "it is silent".to_owned(),
        };
        if frame["type"].as_str().is_some_and(|kind| NEW.contains(&kind)) {
            *was_open = true;
            sender.send_modify(|changes| *changes += 1);
        }
    }
}
