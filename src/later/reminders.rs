//! Users are reminded of messages when they wanted to be.

use actix::Addr;
use futures_util::future::join_all;
use tokio::{
    sync::{oneshot, watch},
    time::{Instant, sleep},
};

use crate::{
    chat::{ChatServer, Look},
    clock::now,
    db::Reader,
};
use parlor_domain::limits::{LATER_LOOK, REMINDERS_AT_ONCE};

/// Looks for what users are to be reminded of.
pub struct Reminders {
    chat: Addr<ChatServer>,
    reader: Reader,
}

impl Reminders {
    pub fn new(chat: Addr<ChatServer>, reader: Reader) -> Self {
        Self { chat, reader }
    }

    /// Runs for as long as the server does; of several nodes only the one that `leads`
    /// looks.
    pub async fn run(self, mut leads: watch::Receiver<bool>) {
        while leads.wait_for(|leads| *leads).await.is_ok() {
            let began = Instant::now();
            let pause = if self.remind_some().await { began.elapsed() } else { LATER_LOOK };
            sleep(pause).await;
        }
    }

    /// Says whether there may be more. What fails is logged where it does, and tried again
    /// with the next look.
    async fn remind_some(&self) -> bool {
        let due = self.reader.due_reminders(now(), REMINDERS_AT_ONCE).await.unwrap_or_default();
        let is_full = i64::try_from(due.len()).is_ok_and(|found| found >= REMINDERS_AT_ONCE);
        let asked = due.into_iter().map(|(user, message)| {
            let (done, settled) = oneshot::channel();
            self.chat.do_send(Look::new(move |server| server.remind(user, message, done)));
            settled
        });
        let settled = join_all(asked).await;
        is_full && settled.iter().all(Result::is_ok)
    }
}
