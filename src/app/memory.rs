//! Settings of the memory allocator, made before there is a second thread.

use std::{ffi::c_int, num::NonZero};

/// For each core. glibc makes eight (mallopt(3)).
const ARENAS: usize = 4;

/// glibc gives every thread an arena of its own as long as it may, and what is
/// freed in one serves no other. Parlor has some fifty threads, most of which
/// wait for a database, and with eight arenas for each core its memory grew by
/// 1 MiB a minute for as long as anybody looked, most of it free. With half as
/// many it stays (docs/PERFORMANCE.md, soak); with fewer, threads wait for each
/// other. `MALLOC_ARENA_MAX` goes before.
#[expect(
    clippy::disallowed_methods,
    reason = "the allocator's own variable, read before anything else"
)]
pub fn prepare() {
    if std::env::var_os("MALLOC_ARENA_MAX").is_none() {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        limit_arenas((ARENAS * cores).try_into().unwrap_or(c_int::MAX));
    }
}

#[cfg(target_env = "gnu")]
#[expect(unsafe_code, reason = "mallopt(3)")]
fn limit_arenas(most: c_int) {
    // SAFETY: takes two numbers, and no other thread runs yet (mallopt(3)).
    unsafe { libc::mallopt(libc::M_ARENA_MAX, most) };
}

/// Other allocators have other rules.
#[cfg(not(target_env = "gnu"))]
fn limit_arenas(_: c_int) {}
