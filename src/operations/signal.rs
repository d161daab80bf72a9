//! What is told to connections, of which nothing is stored: the other nodes,
//! where there are any, hear of it by the feed.

use super::{ChatServer, Shown};
use crate::{
    chat::ReplyTo,
    db::{Concern, Conn, Effects, Happened, Signal, Write, Written},
};

impl ChatServer {
    /// Does what a signal is to do on the other nodes, after it was given to
    /// them.
    pub(super) fn after_signal<A: Shown>(
        &mut self,
        reply: ReplyTo<A>,
        signal: Option<Signal>,
        then: impl FnOnce(&mut Self, ReplyTo<A>) + 'static,
    ) {
        match signal {
            Some(signal) => {
                let write = SendSignal { signal };
                self.write_for(reply, write, |server, reply, ()| then(server, reply));
            }
            None => then(self, reply),
        }
    }
}

#[derive(Clone, Debug)]
struct SendSignal {
    signal: Signal,
}

impl Write for SendSignal {
    type Outcome = ();

    fn concerns(&self) -> Vec<Concern> {
        Vec::new()
    }

    fn run(&self, _: &mut Conn<'_>) -> Written<()> {
        Ok(())
    }

    fn effects(&self, (): &(), effects: &mut Effects) {
        effects.happened(|| Happened::Signal(self.signal.clone()));
    }
}
