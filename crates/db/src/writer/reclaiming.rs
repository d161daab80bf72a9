//! When what is free in the file is given back to the disk: while nothing is written.

use actix::{ActorFutureExt, AsyncContext, Context, WrapFuture};

use super::{Writer, worker::Reclaim};
use crate::sqlite::reclaim::Step;

/// Whether there may be something to give back, and whether it is on its way.
#[derive(Debug, Default)]
pub(super) struct Reclaiming {
    /// Something was written since there was last found to be nothing.
    is_dirty: bool,
    /// A step is to be made as soon as nothing is written.
    is_due: bool,
    is_running: bool,
    /// Pages that went back are still in the file, for as long as the log is not
    /// copied into it whole.
    is_unfinished: bool,
    /// Somebody reads what they were, so that the log cannot begin anew: with each step
    /// it would only become longer.
    is_held: bool,
}

impl Reclaiming {
    pub fn written(&mut self) {
        self.is_dirty = true;
    }

    /// A checkpoint begins; gives whether it is to make the file smaller.
    pub fn checkpoint_begins(&mut self) -> bool {
        std::mem::take(&mut self.is_unfinished)
    }

    /// It has ended, and somebody still reads what it would have cut off.
    pub fn checkpointed(&mut self, is_unfinished: bool) {
        self.is_unfinished |= is_unfinished;
        self.is_held = is_unfinished;
    }

    fn look(&mut self) {
        self.is_due |= self.is_dirty;
    }

    /// Whether a step begins now that nothing is written.
    fn begins(&mut self) -> bool {
        let begins = self.is_due && !self.is_running && !self.is_held;
        if begins {
            *self = Self { is_dirty: false, is_due: false, is_running: true, ..*self };
        }
        begins
    }

    /// Gives whether there may be more.
    fn ended(&mut self, step: Step) -> bool {
        let freed = step != Step::Idle;
        self.is_running = false;
        self.is_unfinished |= freed;
        self.is_dirty |= freed;
        freed
    }
}

impl Writer {
    /// Now and then: what is free is counted only where something was written.
    pub(super) fn look_for_free(&mut self, ctx: &mut Context<Self>) {
        if self.reclaiming.is_unfinished && !self.reclaiming.is_running {
            self.checkpoint(ctx);
        }
        self.reclaiming.look();
        self.reclaim_if_due(ctx);
    }

    /// A step, if nothing waits and nothing runs.
    pub(super) fn reclaim_if_due(&mut self, ctx: &mut Context<Self>) {
        if self.in_flight > 0 || !self.reclaiming.begins() {
            return;
        }
        let step = self.worker.send(Reclaim).into_actor(self);
        ctx.spawn(step.map(|step, writer, ctx| {
            let step = step.unwrap_or(Step::Idle);
            if writer.reclaiming.ended(step)
                && let Step::Freed { pages, rest } = step
            {
                // Each page that was moved is in the log, as those of writes are.
                writer.checkpoint_if_due(usize::try_from(pages).unwrap_or(0), ctx);
                ctx.run_later(rest, |writer, ctx| {
                    writer.reclaiming.look();
                    writer.reclaim_if_due(ctx);
                });
            } else if writer.reclaiming.is_unfinished {
                writer.checkpoint(ctx);
            }
        }));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const FREED: Step = Step::Freed { pages: 1, rest: Duration::ZERO };

    #[test]
    fn a_step_follows_a_write_and_another_one_a_step_that_did_something() {
        let mut reclaiming = Reclaiming::default();
        reclaiming.look();
        assert!(!reclaiming.begins(), "nothing was written");
        reclaiming.written();
        assert!(!reclaiming.begins(), "not yet");
        reclaiming.look();
        assert_eq!([reclaiming.begins(), reclaiming.begins()], [true, false], "one at a time");
        assert!(reclaiming.ended(FREED));
        reclaiming.look();
        assert!(reclaiming.begins(), "there may be more");
        assert!(!reclaiming.ended(Step::Idle));
        reclaiming.look();
        assert!(!reclaiming.begins(), "there is none");
    }

    #[test]
    fn a_file_is_not_smaller_until_a_checkpoint_was_whole() {
        let mut reclaiming = Reclaiming { is_running: true, ..Reclaiming::default() };
        reclaiming.ended(FREED);
        assert!(reclaiming.checkpoint_begins());
        reclaiming.checkpointed(true);
        reclaiming.look();
        assert!(!reclaiming.begins(), "not while somebody reads");
        assert!(reclaiming.checkpoint_begins(), "another one");
        reclaiming.ended(FREED);
        reclaiming.checkpointed(false);
        assert!(reclaiming.is_unfinished, "of a step that came meanwhile it knows nothing");
        assert!(reclaiming.begins(), "it goes on");
    }
}
