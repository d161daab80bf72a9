//! Finds out what devices are to be told, and what of it was read elsewhere.
//!
//! Messages are looked through when they are old enough, each once: so it costs by the
//! messages, and nothing while they are sent. Whoever has a device and has not read them by
//! then has a note for each device; before the look goes on, so none is passed over by a
//! crash. What devices show is looked through, too, as often as it takes little of the time.

use std::time::Duration;

use actix::Addr;
use rustc_hash::FxHashSet;
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};

use crate::{
    clock::now,
    db::{NotePush, NoteRead, PushPlace, ReadError, Reader, SaidIn, Write, Writer, submit},
};
use parlor_domain::{
    MessageId, MessageIds, RoomKey, Timestamp, UserKey,
    limits::{
        PUSH_LOOK, PUSH_SHOWN, PUSH_SHOWN_FOR, PUSH_SHOWN_PAUSE, UNREAD_LOOK, UNREAD_MEMBERS,
        UNREAD_MISSED,
    },
};

/// Looks for what devices are to be told.
pub struct PushLooker {
    after: Duration,
    reader: Reader,
    writer: Addr<Writer>,
    /// How far it has looked, where there was nothing to note.
    looked: MessageId,
    /// The messages that were being written, and so did not count yet.
    writing: FxHashSet<MessageId>,
}

/// The time that was so long ago.
fn before(age: Duration) -> Timestamp {
    let age = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
    Timestamp(now().0.saturating_sub(age))
}

async fn write<W: Write<Outcome = ()>>(writer: &Addr<Writer>, write: W) -> Result<(), ReadError> {
    submit(writer, write).await.map_err(|_| ReadError)
}

impl PushLooker {
    /// A message is told when it has been unread for so long.
    pub fn new(after: Duration, reader: Reader, writer: Addr<Writer>) -> Self {
        let (looked, writing) = (MessageId(0), FxHashSet::default());
        Self { after, reader, writer, looked, writing }
    }

    /// Runs for as long as the server does; of several nodes only the one that `leads`
    /// looks.
    pub async fn run(mut self, mut leads: watch::Receiver<bool>) {
        while leads.wait_for(|leads| *leads).await.is_ok() {
            // What fails is logged where it does, and tried again with the next look.
            let _ = self.look(&leads).await;
            sleep(PUSH_LOOK).await;
        }
    }

    async fn look(&mut self, leads: &watch::Receiver<bool>) -> Result<(), ReadError> {
        let old_enough = MessageIds::first_at(before(self.after));
        // Older than that is no news: nobody has looked for it, or not for long.
        let oldest = MessageIds::first_at(before(self.after + UNREAD_MISSED));
        let Some(stored) = self.reader.push_looked().await? else {
            self.looked = old_enough;
            return self.note(None, Some(old_enough)).await;
        };
        self.look_at_written(old_enough).await?;
        let mut looked = stored.max(self.looked).max(oldest);
        while looked < MessageId(old_enough.0 - 1) && *leads.borrow() {
            let began = Instant::now();
            let (said, upto) = self.reader.said_between(looked, old_enough, UNREAD_LOOK).await?;
            if !said.is_empty() {
                self.note_all(said).await?;
                self.note(None, Some(upto)).await?;
            }
            (looked, self.looked) = (upto, upto);
            if upto < MessageId(old_enough.0 - 1) {
                sleep(began.elapsed()).await;
            }
        }
        Ok(())
    }

    /// What was being written counts from its end on, which may be long after its place.
    async fn look_at_written(&mut self, old_enough: MessageId) -> Result<(), ReadError> {
        let writing = self.reader.being_written(old_enough).await?;
        let ended: Vec<MessageId> = self.writing.difference(&writing).copied().collect();
        if !ended.is_empty() {
            let said = self.reader.said_in(&ended).await?;
            self.note_all(said).await?;
        }
        self.writing = writing;
        Ok(())
    }

    async fn note_all(&self, said: Vec<SaidIn>) -> Result<(), ReadError> {
        let rooms: Vec<RoomKey> = said.iter().map(|said| said.room).collect();
        let with_devices = self.reader.with_devices(&rooms).await?;
        for said in said.into_iter().filter(|said| with_devices.contains(&said.room)) {
            let mut after = Some(UserKey(0));
            while let Some(behind) = after {
                let (users, more) =
                    self.reader.are_away(said, now(), behind, UNREAD_MEMBERS).await?;
                if !users.is_empty() {
                    self.note(Some((said, users)), None).await?;
                }
                after = more;
            }
        }
        Ok(())
    }

    async fn note(
        &self,
        behind: Option<(SaidIn, Vec<UserKey>)>,
        looked: Option<MessageId>,
    ) -> Result<(), ReadError> {
        write(&self.writer, NotePush { behind, looked, at: now() }).await
    }
}

/// Looks for what devices show that was read elsewhere, or is not there any more.
pub struct ShownLooker {
    reader: Reader,
    writer: Addr<Writer>,
}

impl ShownLooker {
    pub fn new(reader: Reader, writer: Addr<Writer>) -> Self {
        Self { reader, writer }
    }

    /// Runs for as long as the server does; of several nodes only the one that `leads`
    /// looks.
    pub async fn run(self, mut leads: watch::Receiver<bool>) {
        while leads.wait_for(|leads| *leads).await.is_ok() {
            let (mut took, mut after) = (Duration::ZERO, None);
            loop {
                let began = Instant::now();
                let next = self.look_behind(after.as_ref()).await;
                took += began.elapsed();
                // What fails is logged where it does, and looked at again with all the rest.
                let Ok(Some(next)) = next else { break };
                after = Some(next);
                if !*leads.borrow() {
                    break;
                }
            }
            sleep(PUSH_LOOK.max(took * PUSH_SHOWN_PAUSE)).await;
        }
    }

    /// Notes what of some of it is to be taken away; gives up to where, if there is more.
    async fn look_behind(&self, after: Option<&PushPlace>) -> Result<Option<PushPlace>, ReadError> {
        let since = before(PUSH_SHOWN_FOR);
        let (read, forgotten, next) =
            self.reader.shown_by_devices(after, since, PUSH_SHOWN).await?;
        if !read.is_empty() || !forgotten.is_empty() {
            write(&self.writer, NoteRead { read, forgotten, at: now() }).await?;
        }
        Ok(next)
    }
}
