//! How fast it could be: what the machine gives to a program that does one
//! thing only.
//!
//! - [`bare`]: broadcast to WebSockets without rooms, JSON or a database.
//! - [`sqlite`]: rows into the server's own schema without a server.
//!
//! Parlor next to these, measured in one run, says what its rooms, its
//! promises and its actors cost; a number alone says what the machine is like.

pub mod bare;
pub mod sqlite;
