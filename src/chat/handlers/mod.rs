//! What the ChatServer does with each message, a file per concern.

mod commit;
mod connect;
mod drain;
mod member;
mod replay;
mod request;
mod settle;
mod subscribe;

pub(super) use settle::Pending;
