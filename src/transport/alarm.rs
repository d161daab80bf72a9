//! A timer that is usually postponed and rarely fires.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use actix_web::rt::time::{Instant, Sleep, sleep_until};

/// Made when first needed; one that rings too early is only set again, so that
/// putting a deadline off costs nothing.
#[derive(Default)]
pub struct Alarm(Option<Pin<Box<Sleep>>>);

impl Alarm {
    /// Wakes the task at `deadline` or before; ready if it did, and there is
    /// reason to look again.
    pub fn poll_at(&mut self, cx: &mut Context<'_>, deadline: std::time::Instant) -> Poll<()> {
        let at = Instant::from_std(deadline);
        let sleep = self.0.get_or_insert_with(|| Box::pin(sleep_until(at)));
        if sleep.is_elapsed() || sleep.deadline() > at {
            sleep.as_mut().reset(at);
        }
        sleep.as_mut().poll(cx)
    }
}
