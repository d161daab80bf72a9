//! What the numbers depend on, and the limit on open files.

use std::{ffi::CString, fs, os::unix::ffi::OsStrExt, path::Path};

use crate::{Result, epoll::checked, options::Options};

/// Lets this process and the servers it starts have as many sockets as the
/// system grants; the usual soft limit is 1,024.
#[expect(unsafe_code, reason = "setrlimit(2)")]
pub fn raise_open_files() -> Result<()> {
    let mut limit = open_files()?;
    limit.rlim_cur = limit.rlim_max;
    // SAFETY: `limit` is ours; the kernel copies it.
    checked(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &limit) })?;
    Ok(())
}

/// Says so now if `connections` sockets cannot be had, rather than half-way.
pub fn require_open_files(connections: usize) -> Result<()> {
    const OTHERS: u64 = 200;
    let (have, need) = (open_files()?.rlim_cur, connections as u64 + OTHERS);
    if have < need {
        return Err(
            format!("needs {need} open files and may have {have}: raise `ulimit -Hn`").into()
        );
    }
    Ok(())
}

#[expect(unsafe_code, reason = "getrlimit(2)")]
fn open_files() -> Result<libc::rlimit> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is ours and outlives the call.
    checked(unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) })?;
    Ok(limit)
}

/// One line on the machine and on how it is measured.
pub fn describe(options: &Options) -> Result<String> {
    let cores = std::thread::available_parallelism()?;
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let disk = file_system(&options.data_root)?;
    let memory_only = if disk == "tmpfs" { " (memory: commits cost nothing here!)" } else { "" };
    Ok(format!(
        "{cores} cores for server and client together, Linux {}, data on {disk}{memory_only}; \
         {} s measured after {} s of warm-up, median of {}",
        kernel.trim(),
        options.measured.as_secs_f64(),
        options.warm_up.as_secs_f64(),
        options.repeat,
    ))
}

/// The kind of file system that a commit has to be durable on.
#[expect(unsafe_code, reason = "statfs(2)")]
fn file_system(path: &Path) -> Result<String> {
    let name = CString::new(path.as_os_str().as_bytes())?;
    // SAFETY: all-zero bytes are a valid `statfs`, and the call only fills it.
    let mut stat: libc::statfs = unsafe { std::mem::zeroed() };
    // SAFETY: the name ends with a zero byte; `stat` outlives the call.
    checked(unsafe { libc::statfs(name.as_ptr(), &mut stat) })
        .map_err(|e| format!("the data directory {}: {e}", path.display()))?;
    let magic = stat.f_type as u32;
    Ok(match magic {
        0x0000_ef53 => "ext4".into(),
        0x0102_1994 => "tmpfs".into(),
        0x5846_5342 => "xfs".into(),
        0x9123_683e => "btrfs".into(),
        0x794c_7630 => "overlayfs".into(),
        0x2fc1_2fc1 => "zfs".into(),
        other => format!("file system {other:#x}"),
    })
}
