//! When there is something new, as a socket says or, where there is none, time after time.
//! What it is, whoever waits asks for: so a cut connection costs nothing but time.

use std::{sync::Arc, time::Duration};

use reqwest::{Method, StatusCode};
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

use crate::{
    outbound::{Lost, NoSocket, Socket},
    remote::Server,
};
use parlor_domain::limits::{ASSISTANT_LOOK, ASSISTANT_LOOK_WITHIN, REMOTE_AGAIN, REMOTE_PATIENCE};

/// Types of the frames after which there may be something to read: a message that was
/// being written is new when it is updated for the last time.
const NEW: [&str; 4] = ["session.ready", "message.created", "message.updated", "room.added"];

pub(super) struct News {
    /// `None`: nothing says it.
    changes: Option<watch::Receiver<u64>>,
}

impl News {
    pub fn of(server: Arc<Server>) -> Self {
        if server.is_within() {
            return Self { changes: None };
        }
        let (sender, changes) = watch::channel(0);
        tokio::spawn(follow(server, sender));
        Self { changes: Some(changes) }
    }

    /// Somebody who waits for what comes from now on.
    pub fn waiting(&self) -> Waiting {
        let mut changes = self.changes.clone();
        if let Some(changes) = &mut changes {
            changes.mark_unchanged();
        }
        Waiting { changes }
    }
}

/// Somebody who waits for news.
pub(super) struct Waiting {
    changes: Option<watch::Receiver<u64>>,
}

impl Waiting {
    /// Until there may be something new, and never for long: a socket that is cut says
    /// nothing.
    pub async fn next(&mut self, most: Duration) {
        let Some(changes) = &mut self.changes else {
            return sleep(most.min(ASSISTANT_LOOK_WITHIN)).await;
        };
        let most = most.min(ASSISTANT_LOOK);
        if let Ok(Err(_)) = timeout(most, changes.changed()).await {
            // The server wants no socket of this user's.
            sleep(most).await;
        }
    }
}

async fn follow(server: Arc<Server>, sender: watch::Sender<u64>) {
    let mut pause = REMOTE_AGAIN;
    while !sender.is_closed() {
        let mut was_open = false;
        let why = match listen(&server, &sender, &mut was_open).await {
            Ended::ForNow(why) => why,
            Ended::ForGood(why) => {
                return log::warn!(
                    "what is new is asked for now and then, for no socket says it: {why}"
                );
            }
        };
        log::debug!("the socket is opened again: {why}");
        pause = if was_open { REMOTE_AGAIN } else { (pause * 2).min(REMOTE_PATIENCE) };
        sleep(pause).await;
    }
}

/// Why a socket has ended.
enum Ended {
    ForNow(String),
    /// Another one would end the same way (docs/PROTOCOL.md, close codes).
    ForGood(String),
}

/// Tells what a socket says until it ends.
async fn listen(server: &Server, sender: &watch::Sender<u64>, was_open: &mut bool) -> Ended {
    let request = server.request(Method::GET, server.socket_url());
    let mut socket = match Socket::open(request).await {
        Ok(socket) => socket,
        Err(NoSocket::Broken(why)) => return Ended::ForNow(why),
        Err(NoSocket::Answered(answer)) => {
            let status = answer.status();
            let why = format!("it was answered with {}", status.as_u16());
            return match status {
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Ended::ForGood(why),
                _ => Ended::ForNow(why),
            };
        }
    };
    loop {
        let frame = match socket.frame().await {
            Ok(frame) => frame,
            Err(Lost { why, code: Some(4500..5000) }) => return Ended::ForGood(why),
            Err(Lost { why, .. }) => return Ended::ForNow(why),
        };
        if frame["type"].as_str().is_some_and(|kind| NEW.contains(&kind)) {
            *was_open = true;
            sender.send_modify(|changes| *changes += 1);
        }
    }
}
