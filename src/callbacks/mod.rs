//! Questions to the application, over HTTP: asked while somebody waits for the
//! answer, so once, within a time limit, and with what holds if there is none.
//!
//! They are signed as webhooks are. Each kind has a URL and places of its own,
//! shared fairly between users (`client`), and a circuit breaker (`breaker`).

mod access;
mod before_send;
mod breaker;
mod client;
mod commands;

use actix::Arbiter;

use crate::name_thread;

pub use access::{AccessConfig, Grant, Permission, Permissions};
pub use before_send::{BeforeSend, BeforeSendConfig, Draft, DraftKind, Rewriting, Verdict};
pub use client::{CallbackConfig, NO_REASON};
pub use commands::Commands;

/// What each kind of question is called.
pub const NAMES: [&str; 3] = [access::ACCESS, before_send::BEFORE_SEND, commands::COMMAND];

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
    pub access: Option<AccessConfig>,
    pub before_send: Option<BeforeSendConfig>,
    pub commands: Option<CallbackConfig>,
}

/// What the application is asked; `None` is not asked.
#[derive(Clone, Default)]
pub struct Callbacks {
    pub access: Option<Permissions>,
    pub before_send: Option<BeforeSend>,
    pub commands: Option<Commands>,
}

impl Callbacks {
    /// Starts a thread for them, if there are any. An answer may have as many bytes
    /// as a frame of a client, in which the longest message fits.
    pub fn start(config: CallbacksConfig, answer_bytes: usize) -> Self {
        let CallbacksConfig { access, before_send, commands } = config;
        if access.is_none() && before_send.is_none() && commands.is_none() {
            return Self::default();
        }
        let thread = Arbiter::new().handle();
        thread.spawn_fn(|| name_thread("callbacks"));
        Self {
            access: access.map(|config| Permissions::new(config, answer_bytes, thread.clone())),
            before_send: before_send
                .map(|config| BeforeSend::new(config, answer_bytes, thread.clone())),
            commands: commands.map(|config| Commands::new(config, answer_bytes, thread.clone())),
        }
    }
}
