//! A peer as a process, and those that it starts.

use std::{
    collections::HashMap,
    fs::{self, File},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    os::unix::process::CommandExt,
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use parlor_benches::database::Database;
use tempfile::TempDir;

use super::{Peer, Place};
use crate::{
    Result,
    drive::Watched,
    epoll::checked,
    options::Options,
    process::{cpu_ns, resident_kib},
};

const START_TIMEOUT: Duration = Duration::from_secs(30);
const START_POLL: Duration = Duration::from_millis(25);
const LOG: &str = "peer.log";

pub struct Process {
    child: Child,
    address: SocketAddr,
    directory: TempDir,
    database: Option<Database>,
}

impl Process {
    /// Starts it on a port of its own and waits until it takes connections.
    /// None if it is not installed.
    #[expect(unsafe_code, reason = "prctl(2) before exec")]
    pub fn start(
        options: &Options,
        peer: &Peer,
        database: Option<Database>,
    ) -> Result<Option<Self>> {
        let directory =
            tempfile::Builder::new().prefix("load-peer-").tempdir_in(&options.data_root)?;
        let port = free_port()?;
        let place = Place { port, directory: directory.path(), database: database.as_ref() };
        let Some(mut command) = (peer.command)(&place) else { return Ok(None) };
        let log = File::create(directory.path().join(LOG))?;
        command
            .current_dir(directory.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        // SAFETY: `prctl` may be called between fork and exec. It makes the
        // peer end with a bench that is interrupted.
        unsafe {
            command
                .pre_exec(|| checked(libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL)).map(drop))
        };
        let child = command.spawn().map_err(|e| format!("{} does not start: {e}", peer.name))?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut process = Process { child, address, directory, database };
        process.wait_until_it_listens().map_err(|problem| process.explain(problem))?;
        Ok(Some(process))
    }

    fn wait_until_it_listens(&mut self) -> Result<()> {
        let deadline = Instant::now() + START_TIMEOUT;
        while TcpStream::connect_timeout(&self.address, START_POLL).is_err() {
            if let Some(status) = self.child.try_wait()? {
                return Err(format!("it ended with {status}").into());
            }
            if Instant::now() > deadline {
                return Err(format!("it does not listen after {START_TIMEOUT:?}").into());
            }
            std::thread::sleep(START_POLL);
        }
        Ok(())
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Resident memory of all its processes in KiB.
    pub fn resident_kib(&self) -> u64 {
        self.family().into_iter().filter_map(resident_kib).sum()
    }

    /// A cause together with the last thing that the peer said.
    pub fn explain(&self, cause: Box<dyn std::error::Error>) -> Box<dyn std::error::Error> {
        let log = fs::read(self.directory.path().join(LOG)).unwrap_or_default();
        match String::from_utf8_lossy(&log).lines().rfind(|line| !line.trim().is_empty()) {
            Some(last) => format!("{cause}; it last said {last:?}").into(),
            None => cause,
        }
    }

    /// Its own id and those of all that descend from it.
    fn family(&self) -> Vec<u32> {
        let children = children_by_parent();
        let mut family = vec![self.child.id()];
        let mut next = 0;
        while let Some(parent) = family.get(next) {
            family.extend(children.get(parent).into_iter().flatten());
            next += 1;
        }
        family
    }
}

impl Watched for Process {
    fn cpu_ns(&self) -> u64 {
        self.family().into_iter().map(cpu_ns).sum()
    }

    fn database(&self) -> Option<&Database> {
        self.database.as_ref()
    }
}

impl Drop for Process {
    #[expect(unsafe_code, reason = "kill(2)")]
    fn drop(&mut self) {
        for pid in self.family() {
            // SAFETY: our own child, not yet waited for, and its descendants,
            // looked up just now.
            unsafe { libc::kill(pid as i32, libc::SIGKILL) };
        }
        let _ = self.child.wait();
    }
}

fn children_by_parent() -> HashMap<u32, Vec<u32>> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        // The name, in parentheses, may contain anything; state and parent
        // follow it.
        let after_name = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
        if let Some(parent) = after_name.split(' ').nth(1).and_then(|text| text.parse().ok()) {
            children.entry(parent).or_default().push(pid);
        }
    }
    children
}

/// A port that nobody listens on right now. Someone else could take it before
/// the peer does; then the peer does not start, and says so.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
