//! The frames that wait for one reader.

use std::{
    collections::VecDeque,
    io::{self, IoSlice},
};

use bytes::{Buf, Bytes};

use parlor_domain::limits::PIECES_PER_WRITE;

/// A bounded queue of shared frames in front of one socket.
///
/// Every frame for a session goes through it, so that answers and events
/// never change places. A broadcast's bytes are shared with all other
/// queues; what is bounded is what this reader keeps alive.
///
/// Invariant: `bytes` is what is left to be written of all queued frames.
#[derive(Debug, Default)]
pub(crate) struct SendQueue {
    entries: VecDeque<Entry>,
    frames: usize,
    bytes: usize,
    /// A part of the first entry has been written.
    begun: bool,
}

/// What is written as one piece: a frame, or several that were joined.
#[derive(Debug)]
struct Entry {
    bytes: Bytes,
    frames: usize,
}

/// The bounds of a [`SendQueue`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct SendQueueLimits {
    pub frames: usize,
    pub bytes: usize,
}

impl SendQueue {
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether as many pieces wait as one system call can write.
    pub fn fills_a_write(&self) -> bool {
        self.entries.len() >= PIECES_PER_WRITE
    }

    pub fn has_room_for(&self, frames: usize, bytes: usize, limits: SendQueueLimits) -> bool {
        self.frames + frames <= limits.frames && self.bytes + bytes <= limits.bytes
    }

    /// `bytes` are so many whole frames.
    pub fn push(&mut self, bytes: Bytes, frames: usize) {
        self.frames += frames;
        self.bytes += bytes.len();
        self.entries.push_back(Entry { bytes, frames });
    }

    /// Forgets all of which nothing has been written yet; the rest of what
    /// was begun must follow, or the stream breaks.
    pub fn abandon(&mut self) {
        self.entries.truncate(usize::from(self.begun));
        self.bytes = self.entries.iter().map(|entry| entry.bytes.len()).sum();
        self.frames = self.entries.iter().map(|entry| entry.frames).sum();
    }

    /// Gives back the memory of an empty queue.
    pub fn shrink(&mut self) {
        if self.entries.is_empty() {
            self.entries = VecDeque::new();
        }
    }

    /// Writes until the queue is empty or the socket takes no more
    /// (`WouldBlock`).
    pub fn write_to(
        &mut self,
        mut write: impl FnMut(&[IoSlice<'_>]) -> io::Result<usize>,
    ) -> io::Result<Written> {
        let mut total = 0;
        while !self.entries.is_empty() {
            let written = match self.entries.len() {
                // The usual case, which needs no list of pieces.
                1 => write(&[IoSlice::new(&self.entries[0].bytes)]),
                _ => {
                    let mut pieces = [IoSlice::new(&[]); PIECES_PER_WRITE];
                    let mut used = 0;
                    for (piece, entry) in pieces.iter_mut().zip(&self.entries) {
                        *piece = IoSlice::new(&entry.bytes);
                        used += 1;
                    }
                    write(&pieces[..used])
                }
            };
            match written {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => {
                    total += written;
                    self.advance(written);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Ok(Written { bytes: total, all: false });
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        // An idle session should not keep the memory of its busiest moment.
        if self.entries.capacity() > PIECES_PER_WRITE {
            self.entries = VecDeque::new();
        }
        Ok(Written { bytes: total, all: true })
    }

    fn advance(&mut self, mut written: usize) {
        self.bytes -= written;
        while let Some(front) = self.entries.front_mut() {
            if written < front.bytes.len() {
                front.bytes.advance(written);
                self.begun |= written > 0;
                return;
            }
            written -= front.bytes.len();
            self.frames -= front.frames;
            self.entries.pop_front();
            self.begun = false;
        }
    }
}

/// How far a write went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    pub bytes: usize,
    /// Nothing is left in the queue.
    pub all: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: SendQueueLimits = SendQueueLimits { frames: 3, bytes: 10 };

    fn send_queue(frames: &[&'static str]) -> SendQueue {
        let mut send_queue = SendQueue::default();
        for frame in frames {
            send_queue.push(Bytes::from_static(frame.as_bytes()), 1);
        }
        send_queue
    }

    /// A socket that takes `room` bytes in all.
    fn socket(
        taken: &mut Vec<u8>,
        mut room: usize,
    ) -> impl FnMut(&[IoSlice<'_>]) -> io::Result<usize> {
        move |slices| {
            if room == 0 {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            let all: Vec<u8> = slices.iter().flat_map(|slice| slice.to_vec()).collect();
            let written = all.len().min(room);
            taken.extend_from_slice(&all[..written]);
            room -= written;
            Ok(written)
        }
    }

    #[test]
    fn frames_and_bytes_are_bounded() {
        assert!(send_queue(&["a", "b"]).has_room_for(1, 4, LIMITS));
        assert!(!send_queue(&["a", "b", "c"]).has_room_for(1, 4, LIMITS));
        assert!(!send_queue(&["a", "b"]).has_room_for(2, 4, LIMITS));
        assert!(!send_queue(&["1234567"]).has_room_for(1, 4, LIMITS));
    }

    #[test]
    fn a_write_that_stops_in_the_middle_of_a_frame_goes_on_there() {
        let (mut send_queue, mut taken) = (send_queue(&["abc", "def", "ghi"]), Vec::new());
        let first = send_queue.write_to(socket(&mut taken, 4)).expect("no failure");
        assert_eq!(first, Written { bytes: 4, all: false });
        assert_eq!(send_queue.bytes, 5);
        let second = send_queue.write_to(socket(&mut taken, 100)).expect("no failure");
        assert_eq!(second, Written { bytes: 5, all: true });
        assert_eq!(taken, b"abcdefghi");
        assert!(send_queue.is_empty());
    }

    #[test]
    fn more_frames_than_one_call_takes_are_written_in_order() {
        let mut send_queue = SendQueue::default();
        let mut expected = Vec::new();
        for number in 0..200u8 {
            send_queue.push(Bytes::from(vec![number]), 1);
            expected.push(number);
        }
        let mut taken = Vec::new();
        send_queue.write_to(socket(&mut taken, 1_000)).expect("no failure");
        assert_eq!(taken, expected);
    }

    #[test]
    fn what_was_begun_is_kept_when_the_rest_is_abandoned() {
        let (mut send_queue, mut taken) = (send_queue(&["abc", "def"]), Vec::new());
        send_queue.write_to(socket(&mut taken, 1)).expect("no failure");
        send_queue.abandon();
        send_queue.push(Bytes::from_static(b"!"), 1);
        assert_eq!((send_queue.frames, send_queue.bytes), (2, 3));
        send_queue.write_to(socket(&mut taken, 100)).expect("no failure");
        assert_eq!(taken, b"abc!");
    }

    #[test]
    fn a_failed_socket_is_an_error() {
        let failed = send_queue(&["abc"]).write_to(|_| Err(io::ErrorKind::BrokenPipe.into()));
        assert!(failed.is_err());
    }
}
