//! Signals to processes that a test has started.

/// Sends one to a process, and says whether it could be sent. The process has
/// not been waited for, so its number is no other's.
#[expect(unsafe_code, reason = "kill(2)")]
pub fn signal(pid: libc::pid_t, signal: libc::c_int) -> bool {
    // SAFETY: kill(2) touches no memory of ours.
    unsafe { libc::kill(pid, signal) == 0 }
}
