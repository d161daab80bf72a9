//! PostgreSQL: several lanes of writes, and several nodes.
//!
//! There is no libpq: writes go through diesel-async's blocking wrapper, so
//! that the same functions serve both databases.

pub(crate) mod connect;
mod guard;
mod runtime;
mod stalled;
pub(crate) mod statement;
mod tls;
mod url;

use diesel_async::{AsyncPgConnection, async_connection_wrapper::AsyncConnectionWrapper};

pub(super) use connect::Manager;
pub(super) use connect::{connect_guarded, connect_to_standby};
pub(super) use guard::Guard;
use runtime::Own;
pub use url::PostgresUrl;

/// The blocking connection that writes.
pub type Conn = AsyncConnectionWrapper<AsyncPgConnection, Own>;

/// The connection that reads, from async code.
pub(crate) type AsyncConn = AsyncPgConnection;
