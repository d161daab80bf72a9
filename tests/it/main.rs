//! Parlor from outside: the built executable is started as a child process
//! and used as clients use it, by docs/PROTOCOL.md alone.
//!
//! One binary, a file per behaviour; what they stand on is in `support`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a test that fails is looked into")]
#![expect(clippy::disallowed_methods, reason = "they are rules of the server")]

mod support;

mod accounts;
mod administration;
mod app_events;
mod attachments;
mod auth_service;
mod bad_frames;
mod bad_requests;
mod bans;
mod behind_a_proxy;
mod big_rooms;
mod bulk_members;
mod callbacks;
mod changes;
mod chat;
mod claims;
mod conformance;
mod connections;
mod contact;
mod copying;
mod cors;
mod crash;
mod database_url;
mod descriptions;
mod devices;
mod direct_rooms;
mod downloads;
mod editing;
mod epochs;
mod everything;
mod failover;
mod falling_behind;
mod framing;
mod fuzzed;
mod generated_clients;
mod handshake;
mod health;
mod heartbeat;
mod history;
mod identity;
mod in_a_browser;
mod interop;
mod issuers;
mod js_client;
mod left_rooms;
mod many_rooms;
mod members;
mod mentions;
mod metrics;
mod model;
mod nodes;
mod operations;
mod ordering;
mod overload;
mod page;
mod pipelining;
mod posting;
mod presence;
mod processes;
mod proxies;
mod rate_limits;
mod reactions;
mod reading;
mod receipts;
mod replica;
mod restart;
mod resume;
mod revocation;
mod roles;
mod room_list;
mod room_rules;
mod rooms;
mod rooms_by_rule;
mod s3;
mod search;
mod sending;
mod shutdown;
mod slow_http;
mod slow_reader;
mod start;
mod threads;
mod through_a_pooler;
mod thumbnails;
mod tls;
mod token_cookie;
mod token_expiry;
mod uploads;
mod users;
mod webhooks;
