//! What a process has once, and what every part of it uses: its clock, its
//! metrics, its traces, and what keeps its log from being flooded.

#![forbid(unsafe_code)]

pub mod clock;
pub mod log_throttle;
pub mod metrics;
pub mod span;
pub mod thread;
mod usage;
