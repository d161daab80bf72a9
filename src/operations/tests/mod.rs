//! What concerns several operations: how they are read, and what they do
//! together.

mod marks;
mod requests;
mod saved;
mod scheduled;
