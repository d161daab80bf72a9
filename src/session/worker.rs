//! What the sessions of one worker thread have in common.

use std::{
    net::IpAddr,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use actix::Addr;
use tokio::sync::Notify;

use super::{HeartbeatConfig, mailbox::WorkerHub, send_queue::SendQueueLimits, to_chat::ToChat};
use crate::{
    auth::{Authenticator, Identity, OriginPolicy, TokenCookie, TrustedProxies},
    chat::{ChatServer, SessionId, WorkerId},
    limiter::{Limited, Limiters, Rates},
    metrics::{Limit, metrics},
    places::Places,
    protocol::Rules,
};
use parlor_domain::limits::{CONNECTIONS_MAX, Limits, RESUME_ROOMS};

/// What sessions need to know of the deployment.
#[derive(Clone)]
pub struct SessionSettings {
    pub limits: Arc<Limits>,
    pub heartbeat: HeartbeatConfig,
    /// How long a socket may stay without a token, or without saying what it
    /// has.
    pub auth_timeout: Duration,
    /// How long a connection goes on whose token has expired.
    pub token_grace: Duration,
    pub origins: OriginPolicy,
    /// The cookie that may carry a token.
    pub cookie: Option<TokenCookie>,
    /// Messages of so many bytes and more go compressed to those who agree;
    /// `None`: nobody is asked.
    pub compress_from: Option<usize>,
    pub rates: Rates,
    pub limiters: Limiters,
    pub proxies: TrustedProxies,
    /// Sockets without a token, by address.
    pub guests: Places<IpAddr>,
}

/// How many sessions the process has; the shutdown waits for none.
#[derive(Clone, Default)]
pub struct SessionCount(Arc<Count>);

#[derive(Default)]
struct Count {
    sessions: AtomicUsize,
    made: AtomicU64,
    none_left: Notify,
}

impl SessionCount {
    /// Takes a place; `None` when the server is full.
    fn enter(&self) -> Option<Entered> {
        let entered = Entered(self.clone());
        let before = self.0.sessions.fetch_add(1, Ordering::AcqRel);
        (before < CONNECTIONS_MAX).then_some(entered)
    }

    fn next_id(&self) -> SessionId {
        SessionId(self.0.made.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// Ready when there is no session.
    pub async fn none_left(&self) {
        loop {
            let left = self.0.none_left.notified();
            if self.0.sessions.load(Ordering::Acquire) == 0 {
                return;
            }
            left.await;
        }
    }
}

/// Held by a session for as long as it lives.
pub(super) struct Entered(SessionCount);

impl Drop for Entered {
    fn drop(&mut self) {
        if self.0.0.sessions.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.0.none_left.notify_waiters();
        }
    }
}

/// One worker thread.
pub struct Worker {
    pub(super) id: WorkerId,
    pub(super) to_chat: Rc<ToChat>,
    pub(super) hub: Rc<WorkerHub>,
    pub(super) authenticator: Authenticator,
    pub(super) settings: SessionSettings,
    count: SessionCount,
}

impl Worker {
    /// Starts the hub of the thread this is called on.
    pub fn start(
        id: WorkerId,
        chat: Addr<ChatServer>,
        authenticator: Authenticator,
        settings: SessionSettings,
        count: SessionCount,
    ) -> Rc<Self> {
        let piece_bytes = settings.limits.rooms_piece_bytes();
        let queue = send_queue_limits(&settings.limits);
        let hub = WorkerHub::start(id, chat.clone(), queue, piece_bytes);
        let to_chat = ToChat::start(chat);
        Rc::new(Self { id, to_chat, hub, authenticator, settings, count })
    }

    pub(super) fn enter(&self) -> Option<Entered> {
        self.count.enter()
    }

    /// Whether a user may open one more connection now. Services speak for
    /// many, and may do so as often as they like.
    pub(super) fn check_connect(&self, identity: &Identity) -> Result<(), Limited> {
        if identity.is_backend() {
            return Ok(());
        }
        self.settings.limiters.connect(identity.user.key).inspect_err(count_limited)
    }

    pub(super) fn next_session_id(&self) -> SessionId {
        self.count.next_id()
    }

    pub(super) fn send_queue_limits(&self) -> SendQueueLimits {
        send_queue_limits(&self.settings.limits)
    }

    pub(super) fn rules(&self) -> Rules {
        let limits = &self.settings.limits;
        Rules { content_bytes: limits.content_bytes, rooms: RESUME_ROOMS, now: crate::clock::now() }
    }
}

/// Somebody connects too often.
pub(super) fn count_limited(_: &Limited) {
    metrics().limited(Limit::Connect);
}

fn send_queue_limits(limits: &Limits) -> SendQueueLimits {
    SendQueueLimits { frames: limits.queued_frames, bytes: limits.queued_bytes }
}
