//! From the sessions of a worker thread to the ChatServer.

use std::{cell::RefCell, rc::Rc};

use actix::Addr;
use tokio::sync::Notify;

use crate::chat::{ChatServer, FromSession, FromSessions};

/// What sessions have to say, sent as one message once all that are ready to
/// run have run.
///
/// A burst of commands, from one client or from many, then reaches the
/// database as one batch. Said one by one, the first would start a
/// transaction for itself and leave the rest for the next: two syncs of the
/// disk, and two system calls for every reader. Nobody waits for this: with
/// one command under way it is sent in the same turn.
pub(super) struct ToChat {
    /// Bounded by the requests of each session that may be unanswered.
    waiting: RefCell<Vec<FromSession>>,
    more: Notify,
    chat: Addr<ChatServer>,
}

impl ToChat {
    /// Starts the task that sends, on the thread this is called on.
    pub fn start(chat: Addr<ChatServer>) -> Rc<Self> {
        let to_chat = Rc::new(Self { waiting: RefCell::default(), more: Notify::new(), chat });
        let sending = to_chat.clone();
        actix_web::rt::spawn(async move {
            loop {
                sending.more.notified().await;
                sending.send();
            }
        });
        to_chat
    }

    fn send(&self) {
        let all = self.waiting.take();
        if !all.is_empty() {
            // The ChatServer never waits, so its mailbox is not slow.
            self.chat.do_send(FromSessions(all));
        }
    }

    /// Says it now, and all that waits before it: whoever is told that a
    /// session has ended may rely on it.
    pub fn say_at_once(&self, what: impl Into<FromSession>) {
        self.waiting.borrow_mut().push(what.into());
        self.send();
    }

    pub fn say(&self, what: impl Into<FromSession>) {
        let mut waiting = self.waiting.borrow_mut();
        waiting.push(what.into());
        if waiting.len() == 1 {
            // The task goes to the end of the line of those ready to run.
            self.more.notify_one();
        }
    }
}
