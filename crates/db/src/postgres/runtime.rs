//! The runtime under a blocking connection.

use std::cell::Cell;

use diesel::{ConnectionError, ConnectionResult};
use diesel_async::async_connection_wrapper::BlockOn;
use tokio::runtime::{Builder, Runtime};

use super::Conn;

/// A runtime of its own for each connection. The thread that waits for an answer
/// reads it from the socket itself: with one that is shared, each round trip wakes
/// another thread and is woken by it.
pub struct Own(Option<Runtime>);

thread_local! {
    /// That of the connection just being made.
    static MADE: Cell<Option<Own>> = const { Cell::new(None) };
}

/// Makes a connection on a runtime that belongs to it from then on.
///
/// # Errors
/// It cannot be made.
pub(super) fn connect(
    connecting: impl Future<Output = ConnectionResult<diesel_async::AsyncPgConnection>>,
) -> ConnectionResult<Conn> {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| ConnectionError::BadConnection(error.to_string()))?;
    // Where it fails, too, nobody waits for what the runtime still does.
    let own = Own(Some(runtime));
    let conn = own.block_on(connecting)?;
    MADE.set(Some(own));
    Ok(conn.into())
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
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
