//! How a write is handed in, and how its result comes back.

use actix::Recipient;
use tokio::sync::oneshot;

use super::{Queued, Recorded, WriteResult};

/// The submitter's own name for a write, handed back with its result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ticket(pub u64);

/// Hands one write to the [`Writer`](crate::Writer).
///
/// It never blocks: past the bound of writes in flight the answer is
/// [`WriteError::Overloaded`](crate::WriteError), at once.
#[derive(actix::Message)]
#[rtype(result = "()")]
pub struct Submit {
    pub write: Queued,
    pub reply: Reply,
}

/// Where the result of a write goes.
#[derive(Debug)]
pub enum Reply {
    /// To the one recipient named with [`SetCommitted`], in commit order.
    InOrder(Ticket),
    /// To whoever waits for it.
    Once(oneshot::Sender<WriteResult>),
}

/// Names who gets the results of writes submitted with [`Reply::InOrder`].
#[derive(actix::Message)]
#[rtype(result = "()")]
pub struct SetCommitted(pub Recipient<Committed>);

/// The results of one group commit, in the order the writes were submitted.
/// The transaction is durable.
#[derive(actix::Message, Debug)]
#[rtype(result = "()")]
pub struct Committed {
    pub results: Vec<(Ticket, WriteResult)>,
    /// What the other nodes have to know of it, where there are any.
    pub recorded: Vec<Recorded>,
}
