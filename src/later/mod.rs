//! What the server does at a time that a user has named: it reminds them of messages that
//! they have saved, and sends those that they have scheduled.
//!
//! It is looked for by the one node that leads, and asked of the ChatServer like anything
//! else; each is decided and written in one transaction, so that none is done twice, whoever
//! else has looked.

mod reminders;
mod scheduler;

pub use reminders::Reminders;
pub use scheduler::Scheduler;
