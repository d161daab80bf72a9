//! Several nodes on one PostgreSQL, with Redis between them.
//!
//! They need both, so a plain `cargo test` leaves them out:
//! `scripts/with-services cargo test --test it nodes:: -- --include-ignored`.

mod faults;
mod load;
mod rooms;
mod services;
mod submissions;
mod together;
