//! A database of the PostgreSQL that `scripts/with-services` has started, and the
//! CPU time of what servers stand on.

use std::{
    env, fmt, fs, io,
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};

/// Created for one measurement, dropped after it.
pub struct Database {
    name: String,
    /// The process that all of PostgreSQL's descend from.
    postmaster: String,
}

/// Where something is that `scripts/with-services` has started.
#[expect(clippy::disallowed_methods, reason = "it is how the script tells")]
pub fn service(name: &str) -> Option<String> {
    env::var(name).ok()
}

/// The URL of its superuser's database, if there is a PostgreSQL.
fn postgres() -> Option<String> {
    service("PARLOR_TEST_POSTGRES")
}

fn psql(statement: &str) -> io::Result<String> {
    let url = postgres().ok_or_else(|| io::Error::other("scripts/with-services starts it"))?;
    let output = Command::new("psql").args(["-qAtc", statement, &url]).output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(io::Error::other(format!("{statement}: {}", said.trim_end())));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
}

impl Database {
    /// Which PostgreSQL it is, and whether a commit waits for its disk. None if
    /// there is none.
    ///
    /// # Errors
    /// It does not answer.
    pub fn describe() -> io::Result<Option<String>> {
        if postgres().is_none() {
            return Ok(None);
        }
        let (version, fsync) = (psql("SHOW server_version")?, psql("SHOW fsync")?);
        Ok(Some(format!("PostgreSQL {version}, fsync {fsync}")))
    }

    /// # Errors
    /// There is no PostgreSQL, or it refuses.
    pub fn create() -> io::Result<Self> {
        static CREATED: AtomicU32 = AtomicU32::new(0);
        let number = CREATED.fetch_add(1, Ordering::Relaxed);
        let name = format!("bench_{}_{number}", std::process::id());
        psql(&format!("CREATE DATABASE {name}"))?;
        let postmaster = psql("SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)")?;
        Ok(Self { name, postmaster })
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    #[must_use]
    pub fn url(&self) -> String {
        let any = postgres().unwrap_or_default();
        let server = any.rsplit_once('/').map_or(&*any, |(server, _)| server);
        format!("{server}/{}", self.name)
    }

    /// CPU time of the whole PostgreSQL so far, in seconds.
    #[must_use]
    pub fn cpu(&self) -> f64 {
        cpu_of_family(&self.postmaster)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // It goes with its PostgreSQL, if not now.
        let _ = psql(&format!("DROP DATABASE {} WITH (FORCE)", self.name));
    }
}

/// CPU time so far, in seconds, of a process and of its children that have ended
/// (proc(5): utime, stime, cutime and cstime, in ticks of a hundredth). 0 of one
/// that is gone.
pub fn cpu_of(process: impl fmt::Display) -> f64 {
    let ticks = stat(process).into_iter().skip(CPU).take(4);
    ticks.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// The same with those of its children that have not ended.
fn cpu_of_family(parent: &str) -> f64 {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let of = processes.filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        (stat(&name).get(PARENT)? == parent).then(|| cpu_of(name))
    });
    cpu_of(parent) + of.sum::<f64>()
}

/// Places in what [`stat`] gives.
const PARENT: usize = 1;
const CPU: usize = 11;

/// What /proc says of a process, behind its name.
fn stat(process: impl fmt::Display) -> Vec<String> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let rest = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
    rest.split(' ').map(str::to_owned).collect()
}
