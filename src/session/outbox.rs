//! The frames that wait for one reader.

use std::{
    collections::VecDeque,
    io::{self, IoSlice},
};

use bytes::Bytes;

use crate::limits::FRAMES_PER_WRITE;

/// A bounded queue of shared frames in front of one socket.
///
/// Every frame for a session goes through it, so that answers and events
/// never change places. A broadcast's bytes are shared with all other
/// queues; what is bounded is what this reader keeps alive.
///
/// Invariant: `bytes` is what is left to be written of all queued frames.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    frames: VecDeque<Bytes>,
    bytes: usize,
    /// A part of the first frame has been written.
    begun: bool,
}

/// The bounds of an [`Outbox`].
#[derive(Clone, Copy, Debug)]
pub(super) struct OutboxLimits {
    pub frames: usize,
    pub bytes: usize,
}

impl Outbox {
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Whether as many frames wait as one system call can write.
    pub fn fills_a_write(&self) -> bool {
        self.frames.len() >= FRAMES_PER_WRITE
    }

    pub fn has_room_for(&self, frame: &Bytes, limits: OutboxLimits) -> bool {
        self.frames.len() < limits.frames && self.bytes + frame.len() <= limits.bytes
    }

    pub fn push(&mut self, frame: Bytes) {
        self.bytes += frame.len();
        self.frames.push_back(frame);
    }

    /// Forgets all frames of which nothing has been written yet; the rest of
    /// a frame that was begun must follow, or the stream breaks.
    pub fn abandon(&mut self) {
        self.frames.truncate(usize::from(self.begun));
        self.bytes = self.frames.iter().map(Bytes::len).sum();
    }

    /// Gives back the memory of an empty queue.
    pub fn shrink(&mut self) {
        if self.frames.is_empty() {
            self.frames = VecDeque::new();
        }
    }

    /// Writes until the queue is empty or the socket takes no more
    /// (`WouldBlock`).
    pub fn write_to(
        &mut self,
        mut write: impl FnMut(&[IoSlice<'_>]) -> io::Result<usize>,
    ) -> io::Result<Written> {
        let mut total = 0;
        while !self.frames.is_empty() {
            let mut slices = [IoSlice::new(&[]); FRAMES_PER_WRITE];
            let mut used = 0;
            for (slice, frame) in slices.iter_mut().zip(&self.frames) {
                *slice = IoSlice::new(frame);
                used += 1;
            }
            match write(&slices[..used]) {
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
        if self.frames.capacity() > FRAMES_PER_WRITE {
            self.frames = VecDeque::new();
        }
        Ok(Written { bytes: total, all: true })
    }

    fn advance(&mut self, mut written: usize) {
        self.bytes -= written;
        while let Some(front) = self.frames.front_mut() {
            if written < front.len() {
                *front = front.slice(written..);
                self.begun |= written > 0;
                return;
            }
            written -= front.len();
            self.frames.pop_front();
            self.begun = false;
        }
    }
}

/// How far a write went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Written {
    pub bytes: usize,
    /// Nothing is left in the queue.
    pub all: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: OutboxLimits = OutboxLimits { frames: 3, bytes: 10 };

    fn outbox(frames: &[&'static str]) -> Outbox {
        let mut outbox = Outbox::default();
        for frame in frames {
            outbox.push(Bytes::from_static(frame.as_bytes()));
        }
        outbox
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
        let frame = Bytes::from_static(b"1234");
        assert!(outbox(&["a", "b"]).has_room_for(&frame, LIMITS));
        assert!(!outbox(&["a", "b", "c"]).has_room_for(&frame, LIMITS));
        assert!(!outbox(&["1234567"]).has_room_for(&frame, LIMITS));
    }

    #[test]
    fn a_write_that_stops_in_the_middle_of_a_frame_goes_on_there() {
        let (mut outbox, mut taken) = (outbox(&["abc", "def", "ghi"]), Vec::new());
        let first = outbox.write_to(socket(&mut taken, 4)).expect("no failure");
        assert_eq!(first, Written { bytes: 4, all: false });
        assert_eq!(outbox.bytes, 5);
        let second = outbox.write_to(socket(&mut taken, 100)).expect("no failure");
        assert_eq!(second, Written { bytes: 5, all: true });
        assert_eq!(taken, b"abcdefghi");
        assert!(outbox.is_empty());
    }

    #[test]
    fn more_frames_than_one_call_takes_are_written_in_order() {
        let mut outbox = Outbox::default();
        let mut expected = Vec::new();
        for number in 0..200u8 {
            outbox.push(Bytes::from(vec![number]));
            expected.push(number);
        }
        let mut taken = Vec::new();
        outbox.write_to(socket(&mut taken, 1_000)).expect("no failure");
        assert_eq!(taken, expected);
    }

    #[test]
    fn what_was_begun_is_kept_when_the_rest_is_abandoned() {
        let (mut outbox, mut taken) = (outbox(&["abc", "def"]), Vec::new());
        outbox.write_to(socket(&mut taken, 1)).expect("no failure");
        outbox.abandon();
        outbox.push(Bytes::from_static(b"!"));
        outbox.write_to(socket(&mut taken, 100)).expect("no failure");
        assert_eq!(taken, b"abc!");
    }

    #[test]
    fn a_failed_socket_is_an_error() {
        let failed = outbox(&["abc"]).write_to(|_| Err(io::ErrorKind::BrokenPipe.into()));
        assert!(failed.is_err());
    }
}
