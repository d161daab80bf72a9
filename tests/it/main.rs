//! Parlor from outside: the built executable is started as a child process
//! and used as clients use it, by docs/PROTOCOL.md alone.
//!
//! One binary, a file per behaviour; what they stand on is in `support`.

mod support;
