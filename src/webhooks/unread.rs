//! Users who have not read something for a while are told of it: once, for all of their
//! rooms.
//!
//! Messages are looked through when they are old enough, each once, in the order in which
//! they were sent: so it costs by the messages, and nothing while they are sent. Who has
//! not read them by then gets a letter in the outbox, in the transaction that says how far
//! they have been looked through.

use std::{collections::BTreeSet, time::Duration};

use actix::Addr;
use tokio::{sync::watch, time::sleep};

use crate::{
    clock::now,
    db::{ReadError, Reader, SaidIn, TellUnread, Writer, submit},
};
use parlor_domain::{
    MessageId, MessageIds, Timestamp, UserKey,
    limits::{UNREAD_LOOK, UNREAD_LOOK_MAX, UNREAD_LOOK_MIN, UNREAD_MEMBERS, UNREAD_TOLD},
};

/// After how long somebody is told of what they have not read.
#[derive(Clone, Copy, Debug)]
pub struct UnreadConfig {
    pub after: Duration,
    /// The least time until they are told again, unless they have read something since.
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
            let _ = self.look().await;
            sleep(pause).await;
        }
    }

    async fn look(&self) -> Result<(), ReadError> {
        let old_enough = MessageIds::first_at(before(self.config.after));
        let Some(mut looked) = self.reader.unread_looked().await? else {
            // From now on: what was unread before is no news.
            return self.tell(Vec::new(), Vec::new(), old_enough, Some(old_enough)).await;
        };
        loop {
            let between = self.reader.said_between(looked, old_enough, UNREAD_LOOK).await?;
            let (said, Some(last)) = between else { break };
            let mut unread = BTreeSet::new();
            for said in said {
                self.have_not_read(said, &mut unread).await?;
            }
            let mut unread: Vec<UserKey> = unread.into_iter().collect();
            let rest = unread.split_off(unread.len().saturating_sub(UNREAD_TOLD));
            for some in unread.chunks(UNREAD_TOLD) {
                self.tell(some.to_vec(), Vec::new(), last, None).await?;
            }
            self.tell(rest, Vec::new(), last, Some(last)).await?;
            looked = last;
        }
        self.look_at_waiting(looked).await
    }

    async fn have_not_read(
        &self,
        said: SaidIn,
        unread: &mut BTreeSet<UserKey>,
    ) -> Result<(), ReadError> {
        let mut after = Some(UserKey(0));
        while let Some(behind) = after {
            let found = self.reader.have_not_read(said, now(), behind, UNREAD_MEMBERS);
            let (users, more) = found.await?;
            unread.extend(users);
            after = more;
        }
        Ok(())
    }

    /// Those who were told lately, and of whom more has become unread since.
    async fn look_at_waiting(&self, upto: MessageId) -> Result<(), ReadError> {
        let limit = i64::try_from(UNREAD_TOLD).unwrap_or(i64::MAX);
        let again_before = before(self.config.again);
        loop {
            let waiting = self.reader.wait_to_be_told(again_before, limit).await?;
            let is_last = waiting.len() < UNREAD_TOLD;
            let (mut unread, mut idle) = (Vec::new(), Vec::new());
            for (user, known) in waiting {
                // What came later is found when it is old enough.
                let has_news = self.reader.has_news(user, (known, upto)).await?;
                if has_news { &mut unread } else { &mut idle }.push(user);
            }
            if !unread.is_empty() || !idle.is_empty() {
                self.tell(unread, idle, upto, None).await?;
            }
            if is_last {
                return Ok(());
            }
        }
    }

    async fn tell(
        &self,
        unread: Vec<UserKey>,
        idle: Vec<UserKey>,
        upto: MessageId,
        looked: Option<MessageId>,
    ) -> Result<(), ReadError> {
        let again_before = before(self.config.again);
        let write = TellUnread { unread, idle, upto, looked, at: now(), again_before };
        submit(&self.writer, write).await.map(drop).map_err(|_| ReadError)
    }
}
