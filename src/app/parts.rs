//! The parts of a server, as the configuration says.

use std::sync::Arc;

use actix::{Actor, Addr, Arbiter, AsyncContext as _, Recipient};
use tokio::sync::watch;

use super::accept::most_of_one;
use crate::{
    auth::{
        Accounts, ApiKeys, Authenticator, Credentials, Passwords, Renamed, Revocations, TokenKeys,
    },
    callbacks::Callbacks,
    chat::{ChatServer, ChatSettings, Look, ReadyLists, ToNodes, Unfinished},
    config::{Config, Switch},
    db::{Database, Writer},
    limiter::Limiters,
    places::Places,
    push::Services,
    rest::{Answers, DESCRIPTIONS, Draining, Files, Noted, Search, State, page_policy},
};
use parlor_domain::{MessageId, MessageIds};

/// This node, as the ChatServer has to know it.
pub(super) struct Me {
    pub number: u8,
    pub leads: watch::Receiver<bool>,
    pub bus: Option<Recipient<ToNodes>>,
    pub callbacks: Callbacks,
    pub lists: ReadyLists,
    pub push: Services,
}

pub(super) fn start_chat(
    arbiter: &Arbiter,
    config: &Config,
    writer: &Addr<Writer>,
    database: &Database,
    (newest, unfinished): (Option<MessageId>, Unfinished),
    me: Me,
) -> Addr<ChatServer> {
    let Me { number, leads, bus, callbacks, lists, push } = me;
    let settings = ChatSettings {
        limits: config.limits.clone(),
        rates: config.rates,
        heartbeat_interval: config.connections.heartbeat.interval,
        presence_grace: config.rooms.presence_grace,
        contact: config.rooms.contact,
        room_rules: config.rooms.room_rules.clone().unwrap_or_default(),
        inbox_ttl: config.rooms.inbox_ttl,
        retention: config.rooms.retention(),
        retention_tick: config.rooms.retention_tick,
        empty_room_ttl: config.rooms.empty_room_ttl,
        lists,
        push,
        callbacks,
        tells_arrivals: config.webhooks.is_some(),
        has_nodes: config.store.database.file().is_none(),
        leads,
        goaway_spread: config.nodes.goaway_spread,
    };
    let (writer, reader) = (writer.clone(), database.reader.clone());
    let ids = MessageIds::new(number, newest);
    ChatServer::start_in_arbiter(&arbiter.handle(), move |ctx| {
        ChatServer::new(ctx.address(), settings, writer, reader, ids, unfinished, bus)
    })
}

/// What the handlers of REST share.
pub(super) fn state(
    config: &Config,
    chat: &Addr<ChatServer>,
    writer: &Addr<Writer>,
    database: &Database,
    (revocations, api_keys): (Revocations, ApiKeys),
    (files, search, push): (Files, Option<Search>, Services),
) -> State {
    let (leeway, claims) = (config.identity.tokens.leeway, config.identity.claims.clone());
    let previous = config.identity.previous_secret.as_ref();
    let keys = TokenKeys::new(&config.secret, previous, leeway, claims);
    let accounts = Accounts {
        keys: keys.clone(),
        revocations: revocations.clone(),
        leeway,
        reader: database.reader.clone(),
        writer: writer.clone(),
        passwords: Passwords::default(),
        access_ttl: config.identity.tokens.access_ttl,
        refresh_ttl: config.identity.tokens.refresh_ttl,
    };
    let targets = config.webhooks.as_ref().map(|webhooks| webhooks.targets.clone());
    let targets = targets.unwrap_or_default();
    State {
        chat: chat.clone(),
        reader: database.reader.clone(),
        writer: writer.clone(),
        inbox_ttl: config.rooms.inbox_ttl,
        accounts,
        authenticator: Authenticator::new(
            Credentials {
                keys,
                issuer: config.identity.issuer.clone(),
                service: config.identity.service.clone(),
                accounts: config.identity.accounts,
                adopted: config.identity.adopted.clone(),
                leeway,
            },
            (revocations, api_keys),
            database.reader.clone(),
            writer.clone(),
            renamed(chat.clone()),
        ),
        has_accounts: config.identity.accounts,
        page_policy: page_policy(config.attachments.files_origin.as_deref()),
        takes_traceparent: config.traces.as_ref().is_some_and(|traces| traces.takes_traceparent),
        takes_links: config.takes_links,
        cookie: config.connections.cookie.clone(),
        metrics_token: config.metrics_token.clone(),
        certificate: config.connections.certificate.clone(),
        files,
        search,
        webhooks: targets.urls,
        outbox_wake: targets.wake,
        limiters: Limiters::new(&config.rates),
        proxies: config.proxies.clone(),
        proxied: Places::new(most_of_one(config.limits.connections_per_address)),
        request_timeout: config.connections.http.request,
        answers: Answers::default(),
        permissions: None,
        lists: ReadyLists::default(),
        limits: config.limits.clone(),
        contact: config.rooms.contact,
        push,
        has_directory: config.rooms.directory == Switch::On,
        noted: Noted::default(),
        draining: Draining::default(),
        descriptions: &DESCRIPTIONS,
        health: None,
    }
}

/// Tells those who see a user.
fn renamed(chat: Addr<ChatServer>) -> Renamed {
    Arc::new(move |user| chat.do_send(Look::new(move |server| server.user_changed(user))))
}
