//! Sends messages when their authors wanted them to be.
//!
//! Each is asked for as its author would at that time. The transaction that stores it takes
//! it off what is scheduled, if it is still there as it was read: so it is sent once, also
//! over a crash or by two nodes, and what was cancelled or changed before is not.

use std::{collections::HashSet, time::Duration};

use actix::Addr;
use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::{
    sync::{oneshot, watch},
    time::{Instant, sleep_until, timeout},
};

use crate::{
    chat::{ChatError, ChatServer, Look, Operation, ReplyTo, Request, Requester},
    clock::now,
    db::{DueMessage, Reader, SettleScheduled, Settled},
    operations::send::Send,
    protocol::{ErrorCode, Rules},
};
use parlor_domain::{
    Failed, ScheduledId, StoredMessage, Timestamp,
    limits::{LATER_LOOK, SCHEDULED_AGAIN, SCHEDULED_AT_ONCE, SCHEDULED_PER_LOOK, SCHEDULED_TIME},
};

/// Looks for what is to be sent.
pub struct Scheduler {
    chat: Addr<ChatServer>,
    reader: Reader,
    /// Bytes that a message may have.
    content_bytes: usize,
}

impl Scheduler {
    pub fn new(chat: Addr<ChatServer>, reader: Reader, content_bytes: usize) -> Self {
        Self { chat, reader, content_bytes }
    }

    /// Runs for as long as the server does; of several nodes only the one that `leads`
    /// looks.
    pub async fn run(self, mut leads: watch::Receiver<bool>) {
        // Those whose answers are still to come, and are found again until then.
        let mut busy: HashSet<ScheduledId> = HashSet::new();
        let mut under_way = FuturesUnordered::new();
        let mut look_at = Instant::now();
        loop {
            if under_way.is_empty() && leads.wait_for(|leads| *leads).await.is_err() {
                return;
            }
            tokio::select! {
                Some(id) = under_way.next() => {
                    busy.remove(&id);
                }
                () = sleep_until(look_at) => {
                    look_at = Instant::now() + LATER_LOOK;
                    if *leads.borrow() {
                        let new = self.look(&busy).await;
                        busy.extend(new.iter().map(|due| due.scheduled.id));
                        under_way.extend(new.into_iter().map(|due| self.send(due)));
                    }
                }
            }
        }
    }

    /// What fails is logged where it does, and tried again with the next look.
    async fn look(&self, busy: &HashSet<ScheduledId>) -> Vec<DueMessage> {
        let due = self.reader.due_messages(now(), SCHEDULED_AT_ONCE).await.unwrap_or_default();
        let is_new = |due: &DueMessage| !busy.contains(&due.scheduled.id);
        due.into_iter().filter(is_new).take(SCHEDULED_PER_LOOK).collect()
    }

    /// Asks for it before it first waits, so that all of one author and room are asked for in
    /// their order. Gives its id when what came of it is settled.
    fn send(&self, due: DueMessage) -> impl Future<Output = ScheduledId> + use<> {
        let (user, id) = (due.author.key, due.scheduled.id);
        let (chat, updated_at) = (self.chat.clone(), due.scheduled.updated_at);
        let asked = self.ask(due);
        async move {
            let answer = match asked {
                Ok(answer) => match timeout(SCHEDULED_TIME, answer).await {
                    Ok(Ok(answer)) => answer.map_err(Why::from),
                    // It may have been sent: then it is found to be.
                    Ok(Err(_)) | Err(_) => Err(Why::NotNow(SCHEDULED_AGAIN)),
                },
                Err(failed) => Err(Why::Never(failed)),
            };
            let settled = match answer {
                // Taken off by the transaction that stored it.
                Ok(StoredMessage { duplicate: false, .. }) => return id,
                Ok(StoredMessage { id, .. }) => Settled::Sent(id),
                Err(Why::Never(failed)) => Settled::Refused(failed),
                Err(Why::NotNow(pause)) => Settled::Later(after(pause)),
            };
            let write = SettleScheduled { user, id, updated_at, settled, at: now() };
            let (done, is_done) = oneshot::channel();
            chat.do_send(Look::new(move |server| server.settle_scheduled(write, done)));
            // What cannot be settled now is found again.
            let _ = is_done.await;
            id
        }
    }

    /// Asks the ChatServer, if its author may ask for anything.
    fn ask(
        &self,
        DueMessage { author, bar, scheduled, attachments }: DueMessage,
    ) -> Result<oneshot::Receiver<Result<StoredMessage, ChatError>>, Failed> {
        let rules = Rules { content_bytes: self.content_bytes, rooms: 0, now: now() };
        if bar.keeps_out(rules.now) {
            let why = if bar.bans(rules.now) { "banned" } else { "deactivated" };
            return Err(failed(ErrorCode::Forbidden, &format!("this user is {why}")));
        }
        let mut send = Send::scheduled(scheduled, attachments);
        send.check(&rules).map_err(|refusal| failed(refusal.code, &refusal.message))?;
        let (answer, answered) = oneshot::channel();
        self.chat.do_send(Request::new(Requester::plain(author), send, ReplyTo::Caller(answer)));
        Ok(answered)
    }
}

/// Why a message was not sent.
enum Why {
    /// It never will be, as it is.
    Never(Failed),
    /// It is worth trying again after so long.
    NotNow(Duration),
}

impl From<ChatError> for Why {
    fn from(error: ChatError) -> Self {
        match error.retry_after() {
            Some(pause) => Self::NotNow(pause),
            None if !error.is_fault() => Self::NotNow(SCHEDULED_AGAIN),
            None => Self::Never(failed(error.code(), &error.to_string())),
        }
    }
}

fn failed(code: ErrorCode, message: &str) -> Failed {
    Failed { code: code.as_str().into(), message: message.into() }
}

fn after(pause: Duration) -> Timestamp {
    let pause = i64::try_from(pause.as_millis()).unwrap_or(i64::MAX);
    Timestamp(now().0.saturating_add(pause))
}
