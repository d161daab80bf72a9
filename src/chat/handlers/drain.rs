//! Going away in order: nothing new is taken, what was accepted is finished.

use actix::{Handler, ResponseFuture};
use tokio::sync::oneshot;

use crate::{
    chat::{ChatServer, Drain, fanout::Item},
    protocol::Close,
};

impl Handler<Drain> for ChatServer {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _: Drain, _: &mut Self::Context) -> Self::Result {
        let (done, idle) = oneshot::channel();
        let first = self.draining.is_none();
        self.draining.get_or_insert_default().push(done);
        if first {
            let spread = self.settings.goaway_spread;
            self.record_last_seen();
            self.fanout.tell_all(&Item::GoAway { reason: "shutdown", spread });
            self.fanout.flush();
        }
        self.finish_drain_if_idle();
        Box::pin(async move {
            // The sender is dropped only with the ChatServer.
            let _ = idle.await;
        })
    }
}

impl ChatServer {
    /// Once all that was accepted is committed and answered, the sessions
    /// are closed, behind their answers in the same queue.
    pub(super) fn finish_drain_if_idle(&mut self) {
        if !self.pending.is_empty() || self.finishing > 0 {
            return;
        }
        let Some(waiting) = &mut self.draining else { return };
        if waiting.is_empty() {
            return;
        }
        for done in std::mem::take(waiting) {
            let _ = done.send(());
        }
        self.fanout.tell_all(&Item::CloseAll { close: Close::GoingAway });
        self.fanout.flush();
    }
}
