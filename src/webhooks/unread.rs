//! Users who have not read something for a while are told of it: once, for all of their
//! rooms.
//!
//! Messages are looked through when they are old enough, each once, in the order in which
//! they were sent: so it costs by the messages, and nothing while they are sent. Who has
//! not read them by then waits to be told, from the first of them on in each room; before
//! the look goes on, so none is passed over by a crash. Who waits, and was not told lately,
//! gets a letter in the outbox if any of it is still unread, and waits no more, in one
//! transaction.

use std::time::Duration;

use actix::Addr;
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};

use crate::{
    clock::now,
    db::{NoteUnread, ReadError, Reader, TellUnread, Writer, submit},
};
use parlor_domain::{
    MessageId, MessageIds, RoomKey, Seq, Timestamp, UserKey,
    limits::{
        UNREAD_LOOK, UNREAD_LOOK_MAX, UNREAD_LOOK_MIN, UNREAD_MEMBERS, UNREAD_MISSED, UNREAD_TOLD,
    },
};

/// After how long somebody is told of what they have not read.
#[derive(Clone, Copy, Debug)]
pub struct UnreadConfig {
    pub after: Duration,
    /// The least time until they are told again.
    pub again: Duration,
}

/// Looks for what has been unread for too long.
pub struct UnreadTeller {
    config: UnreadConfig,
    reader: Reader,
    writer: Addr<Writer>,
}

/// The time that was so long ago.
fn before(age: Duration) -> Timestamp {
    let age = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
    Timestamp(now().0.saturating_sub(age))
}

impl UnreadTeller {
    pub fn new(config: UnreadConfig, reader: Reader, writer: Addr<Writer>) -> Self {
        Self { config, reader, writer }
    }

    /// Runs for as long as the server does; of several nodes only the one that `leads`
    /// looks.
    pub async fn run(self, mut leads: watch::Receiver<bool>) {
        let pause = (self.config.after / 4).clamp(UNREAD_LOOK_MIN, UNREAD_LOOK_MAX);
        while leads.wait_for(|leads| *leads).await.is_ok() {
            // What fails is logged where it does, and tried again with the next look.
            let _ = self.look(&leads).await;
            sleep(pause).await;
        }
    }

    async fn look(&self, leads: &watch::Receiver<bool>) -> Result<(), ReadError> {
        let old_enough = MessageIds::first_at(before(self.config.after));
        // Older than that is no news: nobody has looked for it, or not for long.
        let oldest = MessageIds::first_at(before(self.config.after + UNREAD_MISSED));
        let Some(looked) = self.reader.unread_looked().await? else {
            return self.note(Vec::new(), Some(old_enough)).await;
        };
        let mut looked = looked.max(oldest);
        while looked < MessageId(old_enough.0 - 1) && *leads.borrow() {
            let began = Instant::now();
            looked = self.look_after(looked, old_enough).await?;
            sleep(began.elapsed()).await;
        }
        self.tell_waiting((oldest, old_enough), leads).await
    }

    /// Notes who has not read some messages; gives up to where that is done.
    async fn look_after(
        &self,
        looked: MessageId,
        old_enough: MessageId,
    ) -> Result<MessageId, ReadError> {
        let (said, upto) = self.reader.said_between(looked, old_enough, UNREAD_LOOK).await?;
        for said in said {
            let mut after = Some(UserKey(0));
            while let Some(behind) = after {
                let found = self.reader.have_not_read(said, now(), behind, UNREAD_MEMBERS);
                let (users, more) = found.await?;
                let waiting = users.into_iter().map(|user| (user, said.room, said.first));
                self.note(waiting.collect(), None).await?;
                after = more;
            }
        }
        self.note(Vec::new(), Some(upto)).await?;
        Ok(upto)
    }

    async fn note(
        &self,
        waiting: Vec<(UserKey, RoomKey, Seq)>,
        looked: Option<MessageId>,
    ) -> Result<(), ReadError> {
        if waiting.is_empty() && looked.is_none() {
            return Ok(());
        }
        submit(&self.writer, NoteUnread { waiting, looked }).await.map_err(|_| ReadError)
    }

    /// Those who wait for something that was said between two messages, and have been told
    /// of nothing for long enough.
    async fn tell_waiting(
        &self,
        between: (MessageId, MessageId),
        leads: &watch::Receiver<bool>,
    ) -> Result<(), ReadError> {
        let (mut after, mut is_last) = (UserKey(0), false);
        while !is_last && *leads.borrow() {
            let (began, at) = (Instant::now(), now());
            let again_before = before(self.config.again);
            let waiting = self.reader.wait_to_be_told(again_before, after, UNREAD_TOLD).await?;
            let Some(last) = waiting.last().copied() else { break };
            is_last = i64::try_from(waiting.len()).is_ok_and(|found| found < UNREAD_TOLD);
            after = last;
            let (mut unread, mut idle) = (Vec::new(), Vec::new());
            for user in waiting {
                let has_waited = self.reader.has_waited(user, between, at).await?;
                if has_waited { &mut unread } else { &mut idle }.push(user);
            }
            let write = TellUnread { unread, idle, at, again_before };
            submit(&self.writer, write).await.map_err(|_| ReadError)?;
            sleep(began.elapsed()).await;
        }
        Ok(())
    }
}
