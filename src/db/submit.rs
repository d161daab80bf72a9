use actix::Addr;
use tokio::{sync::oneshot, time::timeout};

use super::{Reply, Submit, Write, WriteError, WriteResult, Writer};
use parlor_domain::limits::ANSWER_TIMEOUT;

/// Submits one write and waits for its commit, for a bounded time.
pub async fn submit(writer: &Addr<Writer>, write: Write) -> WriteResult {
    let (answer, answered) = oneshot::channel();
    // The writer only queues, and refuses what is past its bound.
    writer.do_send(Submit { write, reply: Reply::Once(answer) });
    match timeout(ANSWER_TIMEOUT, answered).await {
        Ok(Ok(result)) => result,
        Ok(Err(_)) | Err(_) => Err(WriteError::Database),
    }
}
