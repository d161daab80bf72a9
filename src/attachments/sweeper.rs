//! Deletes files that no message refers to any more.

use std::time::{Duration, Instant};

use actix::Addr;
use tokio::{sync::watch, time::interval};

use super::Store;
use crate::db::{ExpireUploads, ForgetFiles, Reader, Writer, submit};
use parlor_domain::{
    AttachmentId, Timestamp,
    limits::{LOOSE_UPLOAD_AGE, SWEEP_ATTACHMENTS, SWEEP_PIECES, SWEEP_TICK},
};

/// What is swept, and by when.
pub struct Sweeper {
    pub store: Store,
    pub reader: Reader,
    pub writer: Addr<Writer>,
    /// What an upload may take: one that began before and has not come to its
    /// end never will.
    pub upload_time: Duration,
    /// No other server has this data: uploads from before are nobody's.
    pub alone_since: Option<Timestamp>,
}

impl Sweeper {
    /// Runs for as long as the server does: what was deleted, and uploads
    /// that no message came for, a bounded number at a time. First the file
    /// goes, then its row, so that a crash in between does it again.
    /// On one of the nodes, the one that `leads`.
    pub async fn run(self, leads: watch::Receiver<bool>) {
        let mut tick = interval(SWEEP_TICK);
        let mut swept_pieces_at: Option<Instant> = None;
        loop {
            tick.tick().await;
            let is_due = |at: Instant| at.elapsed() >= SWEEP_PIECES;
            if *leads.borrow() && swept_pieces_at.is_none_or(is_due) {
                swept_pieces_at = Some(Instant::now());
                let alone_since = self.alone_since.unwrap_or(Timestamp(0));
                self.store.sweep_pieces(before(SWEEP_PIECES).max(alone_since)).await;
            }
            while *leads.borrow() && self.expire_some().await {}
            while *leads.borrow() && self.remove_some().await {}
        }
    }

    /// Uploads that no message came for are to be removed from now on; from
    /// then no message gets them any more. Says whether there may be more.
    async fn expire_some(&self) -> bool {
        let unsent_before = before(LOOSE_UPLOAD_AGE);
        let found = self
            .reader
            .attachments_to_expire(unsent_before, self.unfinished_before(), SWEEP_ATTACHMENTS)
            .await;
        match found {
            Ok(ids) if !ids.is_empty() => {
                let more = is_full(ids.len());
                let write = ExpireUploads { ids, unsent_before };
                submit(&self.writer, write).await.is_ok() && more
            }
            _ => false,
        }
    }

    /// What began before and has not come to its end never will.
    fn unfinished_before(&self) -> Timestamp {
        before(self.upload_time).max(self.alone_since.unwrap_or(Timestamp(0)))
    }

    /// Says whether there may be more.
    async fn remove_some(&self) -> bool {
        let Ok(found) = self.reader.attachments_to_remove(SWEEP_ATTACHMENTS).await else {
            return false;
        };
        let mut gone: Vec<AttachmentId> = Vec::with_capacity(found.len());
        for id in &found {
            // The store may be away: then all of this waits for the next time.
            if self.store.remove(*id).await.is_err() {
                break;
            }
            gone.push(*id);
        }
        let all = gone.len() == found.len();
        if gone.is_empty() {
            return false;
        }
        let removed = submit(&self.writer, ForgetFiles { ids: gone }).await.is_ok();
        all && is_full(found.len()) && removed
    }
}

fn before(age: Duration) -> Timestamp {
    let age = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
    Timestamp(crate::clock::now().0.saturating_sub(age))
}

fn is_full(found: usize) -> bool {
    i64::try_from(found).is_ok_and(|found| found >= SWEEP_ATTACHMENTS)
}
