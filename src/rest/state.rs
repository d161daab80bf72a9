use std::{
    net::IpAddr,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use actix::Addr;
use actix_web::http::header::HeaderValue;
use bytes::Bytes;
use serde_json::json;
use tokio::sync::Notify;

use super::{Answers, Files, Search, noted::Noted};
use crate::{
    auth::{Accounts, Authenticator, Client, Identity, TokenCookie, TrustedProxies},
    callbacks::Permissions,
    chat::{ChatServer, ReadyLists},
    clock,
    db::{Reader, Writer, submit},
    error::ApiError,
    limiter::Limiters,
    nodes::Health,
    places::Places,
    protocol::Rules,
    push::Services,
    transport::Certificate,
};
use parlor_domain::{
    AuditEntry, Contact,
    limits::{Limits, RESUME_ROOMS},
};

/// What the handlers share.
#[derive(Clone)]
pub struct State {
    pub chat: Addr<ChatServer>,
    pub reader: Reader,
    pub writer: Addr<Writer>,
    pub accounts: Accounts,
    pub authenticator: Authenticator,
    /// Whether people can register and log in here.
    pub has_accounts: bool,
    /// What the page may load, and from where.
    pub page_policy: HeaderValue,
    /// Whether a client is believed which span its request is a part of.
    pub takes_traceparent: bool,
    /// Whether the page takes links that sign in.
    pub takes_links: bool,
    /// The cookie that may carry a token.
    pub cookie: Option<TokenCookie>,
    /// The token that `GET /metrics` requires; `None`: only this machine may
    /// ask.
    pub metrics_token: Option<Arc<str>>,
    /// What is shown to those who connect over TLS.
    pub certificate: Option<Certificate>,
    pub files: Files,
    /// `None`: switched off.
    pub search: Option<Search>,
    /// The URLs that webhooks are sent to.
    pub webhooks: Arc<[Arc<str>]>,
    pub outbox_wake: Arc<Notify>,
    pub limiters: Limiters,
    pub proxies: TrustedProxies,
    /// Concurrent requests per client of the trusted proxies.
    pub proxied: Places<IpAddr>,
    /// How long a request body may stall.
    pub request_timeout: Duration,
    pub answers: Answers,
    /// Says who may read in a room without being a member; `None` is not asked.
    pub permissions: Option<Permissions>,
    /// What messages are looked through for.
    pub lists: ReadyLists,
    pub limits: Arc<Limits>,
    /// Who may see whether a user is there.
    pub contact: Contact,
    /// Whether users find each other by name.
    pub has_directory: bool,
    /// By whom devices are told.
    pub push: Services,
    /// How long an event is kept in a user's inbox.
    pub inbox_ttl: Duration,
    /// What was read lately by those who may read all.
    pub noted: Noted,
    pub draining: Draining,
    pub descriptions: &'static Descriptions,
    /// Whether PostgreSQL and Redis can be reached; `None` with a single node.
    pub health: Option<Health>,
}

/// The descriptions of the interfaces, each made when it is first asked for.
pub struct Descriptions {
    pub openapi: LazyLock<Bytes>,
    pub asyncapi: LazyLock<Bytes>,
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

impl State {
    /// What requests are checked by that no type says.
    pub fn rules(&self) -> Rules {
        Rules { content_bytes: self.limits.content_bytes, rooms: RESUME_ROOMS, now: clock::now() }
    }

    /// Writes down what an administrator is about to do; without that it is
    /// not done.
    pub(super) async fn audit(
        &self,
        who: &Identity,
        action: String,
        target: String,
        client: Option<Client>,
    ) -> Result<(), ApiError> {
        let detail = client.map_or(json!({}), |from| json!({"address": from.address}));
        let entry = AuditEntry {
            at: crate::clock::now(),
            actor: who.user.id.as_str().into(),
            action: action.into(),
            target: target.into(),
            detail: detail.to_string().into(),
        };
        submit(&self.writer, entry).await.map_err(|_| ApiError::unavailable())
    }
}
