//! The runtime under a blocking connection.

use std::{cell::Cell, sync::Arc};

use diesel::{ConnectionError, ConnectionResult};
use diesel_async::async_connection_wrapper::BlockOn;
use tokio::{
    runtime::{Builder, Runtime},
    task::yield_now,
};

use super::Conn;

/// A runtime of its own for each connection. The thread that waits for an answer
/// reads it from the socket itself: with one that is shared, each round trip wakes
/// another thread and is woken by it.
#[derive(Clone)]
pub struct Own(Option<Arc<Runtime>>);

thread_local! {
    /// That of the connection just being made.
    static MADE: Cell<Option<Own>> = const { Cell::new(None) };
}

/// Makes a connection on a runtime that belongs to it from then on, and gives
/// both.
///
/// # Errors
/// It cannot be made.
pub(super) fn connect(
    connecting: impl Future<Output = ConnectionResult<diesel_async::AsyncPgConnection>>,
) -> ConnectionResult<(Conn, Own)> {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| ConnectionError::BadConnection(error.to_string()))?;
    // Where it fails, too, nobody waits for what the runtime still does.
    let own = Own(Some(Arc::new(runtime)));
    let conn = own.block_on(connecting)?;
    MADE.set(Some(own.clone()));
    Ok((conn.into(), own))
}

impl Own {
    /// Lets the connection see what has come since it was last used, such as
    /// its end: between two uses nothing runs here.
    pub(super) fn catch_up(&self) {
        self.block_on(async {
            // One has the socket looked at, the next whoever reads from it run.
            for _ in 0..3 {
                yield_now().await;
            }
        });
    }
}

impl BlockOn for Own {
    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.0.as_ref().expect("it is there until it is dropped").block_on(future)
    }

    fn get_runtime() -> Self {
        MADE.take().unwrap_or(Self(None))
    }
}

impl Drop for Own {
    /// Also where nothing may block.
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take().and_then(Arc::into_inner) {
            runtime.shutdown_background();
        }
    }
}
