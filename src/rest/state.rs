use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use actix::Addr;

use crate::{
    auth::{Accounts, Authenticator},
    chat::ChatServer,
    db::Reader,
    limits::Limits,
};

/// What the handlers share.
#[derive(Clone)]
pub struct State {
    pub chat: Addr<ChatServer>,
    pub reader: Reader,
    pub accounts: Accounts,
    pub authenticator: Authenticator,
    pub limits: Arc<Limits>,
    pub draining: Draining,
}

/// Whether the server is on its way out.
#[derive(Clone, Default)]
pub struct Draining(Arc<AtomicBool>);

impl Draining {
    pub fn begin(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub fn has_begun(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
