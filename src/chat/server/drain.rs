//! Going away in order: nothing new is taken, what was accepted is finished.

use super::{ChatServer, turn::Turn};
use crate::{
    chat::{Drain, Item},
    protocol::Close,
};

impl Turn for Drain {
    fn take(self, server: &mut ChatServer) {
        let first = server.draining.is_none();
        server.draining.get_or_insert_default().push(self.0);
        if first {
            let spread = server.settings.goaway_spread;
            server.record_last_seen();
            server.interrupt_all();
            server.fanout.tell_all(&Item::GoAway { reason: "shutdown", spread });
        }
    }
}

impl ChatServer {
    /// Once all that was accepted is committed and answered, the sessions
    /// are closed, behind their answers in the same queue.
    pub(super) fn finish_drain_if_idle(&mut self) {
        let Some(waiting) = &mut self.draining else { return };
        let is_idle = self.pending.is_empty() && self.questions.is_empty() && self.finishing == 0;
        if waiting.is_empty() || !is_idle {
            return;
        }
        for done in std::mem::take(waiting) {
            // Who asked may have stopped waiting.
            let _ = done.send(());
        }
        self.fanout.tell_all(&Item::CloseAll { close: Close::GoingAway });
    }
}
