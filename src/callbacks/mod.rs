//! Questions to the application, over HTTP: asked while somebody waits for the
//! answer, so once, within a time limit, and with what holds if there is none.
//!
//! They are signed as webhooks are. Each kind has a URL and places of its own,
//! shared fairly between users (`client`), and a circuit breaker (`breaker`).

mod before_send;
mod breaker;
mod client;

use actix::Arbiter;

use crate::name_thread;

pub use before_send::{BeforeSend, BeforeSendConfig, Draft, DraftKind, Rewriting, Verdict};
pub use client::CallbackConfig;

/// What each kind of question is called.
pub const NAMES: [&str; 1] = [before_send::BEFORE_SEND];

/// What holds if the application does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum OnFailure {
    /// What was asked about is done all the same.
    Open,
    /// It is not done now; whoever wanted it may try again.
    Closed,
}

/// Which questions are asked, and where.
#[derive(Clone, Debug, Default)]
pub struct CallbacksConfig {
    pub before_send: Option<BeforeSendConfig>,
}

/// What the application is asked; `None` is not asked.
#[derive(Clone, Default)]
pub struct Callbacks {
    pub before_send: Option<BeforeSend>,
}

impl Callbacks {
    /// Starts a thread for them, if there are any. An answer may have as many bytes
    /// as a frame of a client, in which the longest message fits.
    pub fn start(config: CallbacksConfig, answer_bytes: usize) -> Self {
        let Some(before_send) = config.before_send else { return Self::default() };
        let thread = Arbiter::new().handle();
        thread.spawn_fn(|| name_thread("callbacks"));
        Self { before_send: Some(BeforeSend::new(before_send, answer_bytes, thread)) }
    }
}
