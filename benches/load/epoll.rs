//! The two kernel objects the client waits with: epoll, and a timer in it.

#![expect(unsafe_code, reason = "epoll(7) and timerfd_create(2)")]

use std::{
    io,
    os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd},
    time::Duration,
};

/// Sockets looked at after one wait. All of a room of 1,000 at once, so that
/// none is served more often than another.
const EVENTS: usize = 4_096;

pub struct Epoll {
    fd: OwnedFd,
    ready: Vec<libc::epoll_event>,
}

/// What happened on the descriptor that was registered as `token`.
#[derive(Clone, Copy)]
pub struct Event {
    pub token: u64,
    pub writable: bool,
    /// Also set for an error or a hang-up: the read tells which.
    pub readable: bool,
}

impl Epoll {
    pub fn new() -> io::Result<Self> {
        // SAFETY: a plain system call; the descriptor is owned by nobody else.
        let fd =
            unsafe { OwnedFd::from_raw_fd(checked(libc::epoll_create1(libc::EPOLL_CLOEXEC))?) };
        Ok(Epoll { fd, ready: vec![libc::epoll_event { events: 0, u64: 0 }; EVENTS] })
    }

    pub fn add(&self, fd: RawFd, token: u64, writable: bool) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_ADD, fd, token, writable)
    }

    /// Closing `fd` does this too.
    pub fn remove(&self, fd: RawFd) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_DEL, fd, 0, false)
    }

    /// Also wakes up when `fd` can be written to, or no longer does.
    pub fn watch_writable(&self, fd: RawFd, token: u64, writable: bool) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_MOD, fd, token, writable)
    }

    fn control(&self, operation: i32, fd: RawFd, token: u64, writable: bool) -> io::Result<()> {
        let events = libc::EPOLLIN | if writable { libc::EPOLLOUT } else { 0 };
        let mut event = libc::epoll_event { events: events as u32, u64: token };
        // SAFETY: `event` is ours; the kernel copies it.
        checked(unsafe { libc::epoll_ctl(self.fd.as_raw_fd(), operation, fd, &mut event) })?;
        Ok(())
    }

    /// How many events there are; [`Epoll::event`] gives each.
    pub fn wait(&mut self, longest: Duration) -> io::Result<usize> {
        let millis = longest.as_millis().min(i32::MAX as u128) as i32;
        // SAFETY: the buffer is ours and as long as we say.
        let count = checked(unsafe {
            libc::epoll_wait(self.fd.as_raw_fd(), self.ready.as_mut_ptr(), EVENTS as i32, millis)
        });
        match count {
            Ok(count) => Ok(count as usize),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(0),
            Err(error) => Err(error),
        }
    }

    pub fn event(&self, index: usize) -> Event {
        let libc::epoll_event { events, u64: token } = self.ready[index];
        Event {
            token,
            writable: events & libc::EPOLLOUT as u32 != 0,
            readable: events & !(libc::EPOLLOUT as u32) != 0,
        }
    }
}

/// A periodic timer that is waited for like a socket, exact to microseconds
/// where the timeout of `epoll_wait` knows milliseconds only.
pub struct Ticker(OwnedFd);

impl Ticker {
    pub fn new() -> io::Result<Self> {
        let flags = libc::TFD_NONBLOCK | libc::TFD_CLOEXEC;
        // SAFETY: a plain system call; the descriptor is owned by nobody else.
        let fd = unsafe { checked(libc::timerfd_create(libc::CLOCK_MONOTONIC, flags))? };
        // SAFETY: as above.
        Ok(Ticker(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    pub fn fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }

    /// Ticks every `interval` from now on; zero stops it.
    pub fn set(&self, interval: Duration) -> io::Result<()> {
        let every = libc::timespec {
            tv_sec: interval.as_secs() as libc::time_t,
            tv_nsec: interval.subsec_nanos().into(),
        };
        let spec = libc::itimerspec { it_interval: every, it_value: every };
        // SAFETY: `spec` is ours; the old value is not asked for.
        checked(unsafe { libc::timerfd_settime(self.fd(), 0, &spec, std::ptr::null_mut()) })?;
        Ok(())
    }

    /// Ticks since the last call.
    pub fn ticks(&self) -> u64 {
        let mut ticks = 0u64;
        // SAFETY: the kernel writes eight bytes into our eight bytes.
        let read = unsafe { libc::read(self.fd(), (&raw mut ticks).cast(), size_of::<u64>()) };
        if read == size_of::<u64>() as isize { ticks } else { 0 }
    }
}

/// The result of a system call that says -1 for "see errno".
pub fn checked(result: i32) -> io::Result<i32> {
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(result) }
}
