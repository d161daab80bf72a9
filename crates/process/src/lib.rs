//! What a process has once, and what every part of it reads: its clock and
//! its metrics.

#![forbid(unsafe_code)]

pub mod clock;
pub mod metrics;
