//! How a write is handed in, and how its result comes back.

use actix::{Addr, Recipient};
use parlor_domain::limits::ANSWER_TIMEOUT;
use tokio::{sync::oneshot, time::timeout};

use super::{Outcome, Queued, Recorded, Write, WriteError, Writer};

/// The submitter's own name for a write, handed back with its result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ticket(pub u64);

/// Hands one write to the [`Writer`].
///
/// It never blocks: past the bound of writes in flight the answer is
/// [`WriteError::Overloaded`], at once.
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

pub type WriteResult = Result<Outcome, WriteError>;

/// Submits one write and waits for its commit, for a bounded time.
pub async fn submit<W: Write>(writer: &Addr<Writer>, write: W) -> Result<W::Outcome, WriteError> {
    let (answer, answered) = oneshot::channel();
    // The writer only queues, and refuses what is past its bound.
    writer.do_send(Submit { write: write.queued(), reply: Reply::Once(answer) });
    match timeout(ANSWER_TIMEOUT, answered).await {
        Ok(Ok(result)) => W::outcome(result?).ok_or(WriteError::Database),
        Ok(Err(_)) | Err(_) => Err(WriteError::Database),
    }
}
