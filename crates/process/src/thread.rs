//! Names of threads.

/// Names the calling thread, for whoever looks at what each of them takes
/// (`top -H`, `perf`): the runtimes give all of theirs one name. At most 15 bytes
/// (PR_SET_NAME, prctl(2)). Linux only.
pub fn name_thread(name: &str) {
    // It is for people: without it nothing is missing.
    let _ = std::fs::write("/proc/thread-self/comm", name);
}
