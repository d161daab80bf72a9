//! Every limit of the server, with its reason.
//!
//! Those a deployment may change are fields of [`Limits`]; the others are
//! constants, in a file per concern. Numbers that the documentation names are
//! compared with these by a test.

mod assistants;
mod blocklists;
mod callbacks;
mod commands;
mod content;
mod database;
#[cfg(test)]
mod documented;
mod files;
mod http;
mod identity;
mod imports;
mod later;
mod nodes;
mod push;
mod push_services;
mod reports;
mod rooms;
mod search;
mod sessions;
mod settings;
mod streams;
mod traces;
mod webhooks;

pub use self::{
    assistants::*,
    blocklists::*,
    callbacks::*,
    commands::*,
    content::*,
    database::*,
    files::*,
    http::*,
    identity::*,
    imports::*,
    later::*,
    nodes::*,
    push::*,
    push_services::*,
    reports::*,
    rooms::*,
    search::*,
    sessions::*,
    settings::{Limits, positive},
    streams::*,
    traces::*,
    webhooks::*,
};
