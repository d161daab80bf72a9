//! Takes out of the store what nobody can see any more.

use actix::Addr;
use tokio::{sync::watch, time::interval};

use super::Store;
use crate::{
    db::{Reader, Write, Writer, submit},
    domain::{AttachmentId, Timestamp},
    limits::{LOOSE_UPLOAD_AGE, SWEEP_ATTACHMENTS, SWEEP_TICK},
};

/// Runs for as long as the server does: what was deleted, and uploads that no
/// message came for, a bounded number at a time. First the file goes, then
/// its row, so that a crash in between does it again.
/// On one of the nodes, the one that `leads`.
pub async fn sweep(
    store: Store,
    reader: Reader,
    writer: Addr<Writer>,
    leads: watch::Receiver<bool>,
) {
    let mut tick = interval(SWEEP_TICK);
    loop {
        tick.tick().await;
        while *leads.borrow() && sweep_some(&store, &reader, &writer).await {}
    }
}

/// Says whether there may be more.
async fn sweep_some(store: &Store, reader: &Reader, writer: &Addr<Writer>) -> bool {
    let age = i64::try_from(LOOSE_UPLOAD_AGE.as_millis()).unwrap_or(i64::MAX);
    let before = Timestamp(crate::clock::now().0.saturating_sub(age));
    let Ok(found) = reader.attachments_to_remove(before, SWEEP_ATTACHMENTS).await else {
        return false;
    };
    let mut gone: Vec<AttachmentId> = Vec::with_capacity(found.len());
    for id in &found {
        // The store may be away: then all of this waits for the next time.
        if store.remove(*id).await.is_err() {
            break;
        }
        gone.push(*id);
    }
    let all = gone.len() == found.len();
    let is_full = i64::try_from(found.len()).is_ok_and(|found| found >= SWEEP_ATTACHMENTS);
    if gone.is_empty() {
        return false;
    }
    let removed = submit(writer, Write::AttachmentsGone { ids: gone }).await.is_ok();
    all && is_full && removed
}
