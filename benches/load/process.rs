//! The server as a process: started, watched from outside, stopped.

use std::{
    collections::{BTreeMap, HashMap},
    fs::{self, File},
    io::{self, Read},
    net::SocketAddr,
    os::{
        fd::{AsRawFd, FromRawFd, OwnedFd, RawFd},
        unix::process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use parlor_benches::database::Database;
use tempfile::TempDir;

use crate::{
    Result, epoll::checked, options::Options, stats::clock_ns, swarm::Carrier, tls::prepare, token,
};

const START_TIMEOUT: Duration = Duration::from_secs(20);
/// The server itself gives up draining after 10 s.
const STOP_TIMEOUT: Duration = Duration::from_secs(15);
const BANNER_MAX: usize = 4 * 1024;

/// A server that runs on an empty database of its own.
pub struct Server {
    child: Child,
    address: SocketAddr,
    launch: Launch,
}

/// What it takes to start the server once more on the same data.
struct Launch {
    command: PathBuf,
    data: TempDir,
    secret: String,
    settings: HashMap<String, String>,
    carrier: Carrier,
    /// Where it does not use its own.
    database: Option<Database>,
}

impl Server {
    /// Starts it and waits until it listens. `settings` are environment
    /// variables on top of the bench's; the caller's own, such as
    /// `PARLOR_WORKERS`, reach the server too. It is on its own SQLite, or on
    /// `database`.
    pub fn start(
        options: &Options,
        database: Option<Database>,
        settings: &[(&str, &str)],
    ) -> Result<Self> {
        let data =
            tempfile::Builder::new().prefix("parlor-load-").tempdir_in(&options.data_root)?;
        // The search for an `.env` ends here: the caller's, in a directory
        // above, may name a database that is not to be filled.
        File::create(data.path().join(".env"))?;
        let mut settings: HashMap<String, String> =
            settings.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
        let mut carrier = Carrier { deflate: options.deflate, ..Carrier::default() };
        if let Some(database) = &database {
            settings.insert("DATABASE_URL".into(), database.url());
        }
        if options.tls {
            let prepared = prepare(data.path())?;
            settings.extend(prepared.settings);
            carrier.tls = Some(prepared.client);
        }
        let (command, secret) = (options.server.clone(), random_secret()?);
        let launch = Launch { command, data, secret, settings, carrier, database };
        let (child, address) = launch.start()?;
        Ok(Server { child, address, launch })
    }

    /// Stops it and starts it again on the same data, with nothing in memory.
    pub fn restart(&mut self) -> Result<()> {
        self.stop()?;
        self.start_again()
    }

    /// Starts one that has ended on the same data, at another address.
    pub fn start_again(&mut self) -> Result<()> {
        (self.child, self.address) = self.launch.start()?;
        Ok(())
    }

    /// Asks it to end and waits until it has.
    pub fn stop(&mut self) -> Result<()> {
        self.terminate()?;
        let gone = pidfd(self.child.id() as i32)?;
        if !readable(gone.as_raw_fd(), STOP_TIMEOUT)? {
            return Err(format!("the server has not stopped {STOP_TIMEOUT:?} after SIGTERM").into());
        }
        let status = self.child.wait()?;
        self.ended_well(status)
    }

    /// Asks it to end.
    #[expect(unsafe_code, reason = "kill(2)")]
    pub fn terminate(&self) -> Result<()> {
        // SAFETY: our own child, not yet waited for, so the id is still its.
        checked(unsafe { libc::kill(self.child.id() as i32, libc::SIGTERM) })?;
        Ok(())
    }

    /// Whether it has ended since [`Server::terminate`].
    pub fn has_ended(&mut self) -> Result<bool> {
        match self.child.try_wait()? {
            None => Ok(false),
            Some(status) => self.ended_well(status).map(|()| true),
        }
    }

    /// Ends it as a crash would.
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    fn ended_well(&self, status: ExitStatus) -> Result<()> {
        if !status.success() {
            return Err(format!("the server ended with {status}{}", self.launch.log_tail()).into());
        }
        Ok(())
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How to speak to it.
    pub fn carrier(&self) -> Carrier {
        self.launch.carrier.clone()
    }

    pub fn data(&self) -> &Path {
        self.launch.data.path()
    }

    /// A token that the server takes for `user`'s.
    pub fn token(&self, user: &str) -> Result<String> {
        token::sign(&self.launch.secret, user)
    }

    /// CPU time of all its threads so far.
    pub fn cpu_ns(&self) -> u64 {
        cpu_ns(self.child.id())
    }

    /// The same for the threads of each name.
    pub fn thread_cpu_ns(&self) -> Result<BTreeMap<String, u64>> {
        let mut all = BTreeMap::new();
        for task in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let task = task?.path();
            // One that ends meanwhile is not there.
            let (Ok(name), Ok(times)) =
                (fs::read_to_string(task.join("comm")), fs::read_to_string(task.join("schedstat")))
            else {
                continue;
            };
            let ns: u64 = times.split(' ').next().and_then(|ns| ns.parse().ok()).unwrap_or(0);
            *all.entry(name.trim_end().to_owned()).or_default() += ns;
        }
        Ok(all)
    }

    pub fn database(&self) -> Option<&Database> {
        self.launch.database.as_ref()
    }

    /// Resident memory in KiB.
    pub fn resident_kib(&self) -> Result<u64> {
        let value = resident_kib(self.child.id());
        Ok(value.ok_or_else(|| format!("the server is gone{}", self.launch.log_tail()))?)
    }

    /// Files it has open, sockets included.
    pub fn open_files(&self) -> Result<usize> {
        Ok(fs::read_dir(format!("/proc/{}/fd", self.child.id()))?.count())
    }

    /// A cause together with what the server last logged.
    pub fn explain(&self, cause: Box<dyn std::error::Error>) -> Box<dyn std::error::Error> {
        format!("{cause}{}", self.launch.log_tail()).into()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nothing to lose in this database, and after a failure no time to.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Launch {
    #[expect(unsafe_code, reason = "prctl(2) before exec")]
    fn start(&self) -> Result<(Child, SocketAddr)> {
        let mut command = Command::new(&self.command);
        command
            .current_dir(self.data.path())
            .env("PARLOR_BIND", "127.0.0.1:0")
            .env("PARLOR_DATA_DIR", self.data.path())
            .env("JWT_SECRET", &self.secret)
            .env("RUST_LOG", std::env::var("RUST_LOG").unwrap_or_else(|_| "warn".into()))
            // What is measured is the server, not its patience.
            .env("PARLOR_COMMANDS_PER_SECOND", "0")
            .env("PARLOR_USER_COMMANDS_PER_SECOND", "0")
            .env("PARLOR_CONNECTS_PER_MINUTE", "0")
            .env("PARLOR_ADDRESS_CONNECTS_PER_MINUTE", "0")
            .env("PARLOR_CONNECTIONS_PER_ADDRESS", "0")
            .env_remove("DATABASE_URL")
            .envs(&self.settings)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::options().create(true).append(true).open(self.log_path())?);
        // SAFETY: `prctl` may be called between fork and exec. It makes the
        // server end with a bench that is interrupted.
        unsafe {
            command
                .pre_exec(|| checked(libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL)).map(drop))
        };
        let mut child = command
            .spawn()
            .map_err(|e| format!("{} does not start: {e}", self.command.display()))?;
        match banner_address(&mut child) {
            Ok(address) => Ok((child, address)),
            Err(problem) => {
                let _ = child.kill();
                let _ = child.wait();
                Err(format!("{problem}{}", self.log_tail()).into())
            }
        }
    }

    fn log_path(&self) -> PathBuf {
        self.data.path().join("bench-server.log")
    }

    fn log_tail(&self) -> String {
        let log = fs::read(self.log_path()).unwrap_or_default();
        let log = String::from_utf8_lossy(&log[log.len().saturating_sub(2_000)..]).into_owned();
        if log.is_empty() {
            log
        } else {
            format!("\nthe server's log ends with:\n{}", log.trim_end())
        }
    }
}

/// CPU time of all threads of a process, exact to the nanosecond, where
/// `/proc/<pid>/stat` counts in ticks of 10 ms. 0 if there is none (any more).
#[expect(unsafe_code, reason = "clock_getcpuclockid(3)")]
pub fn cpu_ns(pid: u32) -> u64 {
    let mut clock = 0;
    // SAFETY: `clock` is ours and outlives the call.
    let result = unsafe { libc::clock_getcpuclockid(pid as i32, &mut clock) };
    if result == 0 { clock_ns(clock) } else { 0 }
}

/// Resident memory of a process, if there is one.
pub fn resident_kib(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// The address in `parlor <version> listening on http://<address>` (or `https`),
/// the first line on stdout. The pipe holds the rest of the banner.
fn banner_address(child: &mut Child) -> Result<SocketAddr> {
    let deadline = Instant::now() + START_TIMEOUT;
    let stdout = child.stdout.as_mut().ok_or("no pipe to the server")?;
    let mut banner = Vec::new();
    while !banner.contains(&b'\n') {
        let left = deadline.saturating_duration_since(Instant::now());
        if !readable(stdout.as_raw_fd(), left)? {
            return Err(
                format!("the server has not said where it listens in {START_TIMEOUT:?}").into()
            );
        }
        let mut chunk = [0; 512];
        let count = stdout.read(&mut chunk)?;
        banner.extend_from_slice(&chunk[..count]);
        if count == 0 || banner.len() > BANNER_MAX {
            break;
        }
    }
    let banner = String::from_utf8_lossy(&banner);
    let line = banner.lines().next().unwrap_or_default();
    let address: Option<SocketAddr> =
        line.split_once("://").and_then(|(_, address)| address.trim_end_matches('/').parse().ok());
    match address {
        Some(address) if address.ip().is_loopback() => Ok(address),
        Some(address) => {
            Err(format!("{address} is not the loopback, which alone is measured").into())
        }
        None => Err(format!("the server's first line names no address: {line:?}").into()),
    }
}

/// Whether `fd` becomes readable, or its other end closed, within `longest`.
#[expect(unsafe_code, reason = "poll(2)")]
fn readable(fd: RawFd, longest: Duration) -> io::Result<bool> {
    let mut poll = libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
    // SAFETY: one entry, ours.
    Ok(checked(unsafe { libc::poll(&mut poll, 1, longest.as_millis() as i32) })? > 0)
}

/// A descriptor that becomes readable when the process ends.
#[expect(unsafe_code, reason = "pidfd_open(2)")]
fn pidfd(pid: i32) -> io::Result<OwnedFd> {
    // SAFETY: a plain system call; the descriptor is owned by nobody else.
    unsafe {
        let fd = checked(libc::syscall(libc::SYS_pidfd_open, pid, 0) as i32)?;
        Ok(OwnedFd::from_raw_fd(fd))
    }
}

fn random_secret() -> Result<String> {
    let mut bytes = [0u8; 32];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
