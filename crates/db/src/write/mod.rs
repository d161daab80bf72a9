//! What changes the database: each change is a [`Write`].
//!
//! A write is a struct with what it needs, and one `impl`: what it concerns
//! (so its order and its locks follow), its SQL, and what others have to know
//! of it. The SQL is written once, in a module under
//! [`each_backend`](parlor_macros::each_backend), and compiled for both
//! databases. Ids and times are made by the caller, so that a batch that is
//! tried again writes the same.
//!
//! What one operation of the server alone writes is in that operation's file.
//! Here is what a batch is made of, what the server writes by itself, and how
//! users, rooms, members and messages come, change and go: what several write,
//! and the samples for tests. The SQL that they share is in the modules
//! `backend`.

use std::{any::Any, fmt};

pub mod attachment;
pub mod audit;
pub mod ban;
pub mod bars;
pub(crate) mod batch;
pub(crate) mod blocklist;
pub mod bulk;
pub mod by_rule;
pub mod clearing;
mod concern;
pub mod contact;
pub mod device;
pub mod direct;
mod effects;
pub mod erase;
pub(crate) mod error;
pub mod expire;
pub mod file_usage;
pub mod follow;
pub mod former;
pub mod identity;
pub mod import;
pub mod inbox;
pub(crate) mod life;
pub mod member;
pub mod message;
pub(crate) mod outbox;
pub(crate) mod postgres;
pub(crate) mod probe;
pub mod profile;
pub(crate) mod push;
pub mod receipt;
pub mod refresh;
pub mod report;
pub(crate) mod reported;
pub mod room;
pub mod saved;
pub mod scheduled;
mod sqlite;
pub mod timeline;
pub(crate) mod unread;
pub mod user;
pub(crate) mod user_words;

pub(crate) use concern::Order;
pub use concern::{Concern, RefreshHash};
pub use effects::{Effects, WebhookEvent, Whose};
pub use error::{Failure, WriteError, Written};

use message::{NewMessage, Sent};
use parlor_process::span::{self, Span};

/// One change of the database.
pub trait Write: fmt::Debug + Send + Sync + 'static {
    /// What the submitter gets when it is durable.
    type Outcome: Send + 'static;

    /// What it decides about; nobody else changes that meanwhile.
    fn concerns(&self) -> Vec<Concern>;

    /// Does it, inside the transaction of its batch. A refusal is found before
    /// anything is written.
    fn run(&self, conn: &mut Conn<'_>) -> Written<Self::Outcome>;

    /// What others have to know of it.
    fn effects(&self, outcome: &Self::Outcome, effects: &mut Effects);

    /// As it goes through the writer.
    fn queued(self) -> Queued
    where
        Self: Sized,
    {
        What::Other(Box::new(self)).into()
    }

    /// What comes back of one that went so.
    fn outcome(outcome: Outcome) -> Option<Self::Outcome>
    where
        Self: Sized,
    {
        match outcome {
            Outcome::Other(outcome) => outcome.downcast().ok().map(|outcome| *outcome),
            Outcome::Message(_) => None,
        }
    }
}

/// A connection that writes, of either database.
pub enum Conn<'a> {
    Sqlite(&'a mut crate::sqlite::Conn),
    Postgres(&'a mut crate::postgres::Conn),
}

impl<'a> From<&'a mut crate::sqlite::Conn> for Conn<'a> {
    fn from(conn: &'a mut crate::sqlite::Conn) -> Self {
        Self::Sqlite(conn)
    }
}

impl<'a> From<&'a mut crate::postgres::Conn> for Conn<'a> {
    fn from(conn: &'a mut crate::postgres::Conn) -> Self {
        Self::Postgres(conn)
    }
}

/// Calls a function of the module of the connection's database.
#[macro_export]
macro_rules! on {
    ($conn:expr, $function:ident $(, $argument:expr)*) => {
        match $conn {
            $crate::write::Conn::Sqlite(conn) => sqlite::$function(conn $(, $argument)*),
            $crate::write::Conn::Postgres(conn) => postgres::$function(conn $(, $argument)*),
        }
    };
}
pub use crate::on;

/// A write on its way.
#[derive(Debug)]
pub struct Queued {
    what: What,
    /// For which it is done.
    pub(crate) span: Option<Span>,
}

/// Messages are most of them, go in together, and are not boxed.
#[derive(Debug)]
enum What {
    Message(NewMessage),
    Other(Box<dyn AnyWrite>),
}

impl From<What> for Queued {
    fn from(what: What) -> Self {
        Self { what, span: span::current() }
    }
}

/// What came of one, as its [`Write::outcome`] takes it.
#[derive(Debug)]
pub enum Outcome {
    Message(Sent),
    Other(Box<dyn Any + Send>),
}

pub type WriteResult = Result<Outcome, WriteError>;

/// A [`Write`] whatever its outcome is.
pub trait AnyWrite: fmt::Debug + Send + Sync {
    fn concerns(&self) -> Vec<Concern>;
    fn run(&self, conn: &mut Conn<'_>) -> Written<Box<dyn Any + Send>>;
    fn effects(&self, outcome: &(dyn Any + Send), effects: &mut Effects);
}

impl<W: Write> AnyWrite for W {
    fn concerns(&self) -> Vec<Concern> {
        Write::concerns(self)
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<Box<dyn Any + Send>> {
        Ok(Box::new(Write::run(self, conn)?))
    }

    fn effects(&self, outcome: &(dyn Any + Send), effects: &mut Effects) {
        if let Some(outcome) = outcome.downcast_ref() {
            Write::effects(self, outcome, effects);
        }
    }
}

impl Queued {
    pub(super) fn concerns(&self) -> Vec<Concern> {
        match &self.what {
            What::Message(message) => Write::concerns(message),
            What::Other(write) => write.concerns(),
        }
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<Outcome> {
        Ok(match &self.what {
            What::Message(message) => Outcome::Message(Write::run(message, conn)?),
            What::Other(write) => Outcome::Other(write.run(conn)?),
        })
    }

    fn effects(&self, outcome: &Outcome, effects: &mut Effects) {
        effects.of(self.span.as_ref());
        match (&self.what, outcome) {
            (What::Message(message), Outcome::Message(sent)) => {
                Write::effects(message, sent, effects);
            }
            (What::Other(write), Outcome::Other(outcome)) => write.effects(&**outcome, effects),
            (What::Message(_), Outcome::Other(_)) | (What::Other(_), Outcome::Message(_)) => {}
        }
    }
}
