//! Messages that are written over other nodes, as this one has heard of them.

use std::time::Instant;

use rustc_hash::FxHashMap;

use super::Text;
use crate::chat::{StreamNews, StreamPart};
use parlor_domain::{
    MessageId, RoomId, RoomKey,
    limits::{STREAM_LEFT, STREAMS},
};

struct Other {
    room: RoomKey,
    /// What was heard, without a gap.
    text: Text,
    /// Characters before it that are still to be read: they were said before this node
    /// listened, or were lost on the way.
    missing: usize,
    is_reading: bool,
    heard: Instant,
}

/// What comes of something that was heard.
pub enum Taken {
    /// The readers are told.
    Tell(Box<StreamNews>),
    /// What is missing is stored by now, and is to be read.
    Read,
    Nothing,
}

/// Those of other nodes. Bounded by what those have, and by a number of its own.
#[derive(Default)]
pub struct Others {
    all: FxHashMap<MessageId, Other>,
}

impl Others {
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// A piece of one, or how it stands.
    pub fn heard(
        &mut self,
        part: &StreamPart,
        room: &RoomId,
        bytes_max: usize,
        now: Instant,
    ) -> Taken {
        if !self.all.contains_key(&part.message) && self.all.len() >= STREAMS {
            return Taken::Nothing;
        }
        let other = self.all.entry(part.message).or_insert_with(|| Other {
            room: part.room,
            text: Text::new(part.metadata.clone()),
            missing: part.offset,
            is_reading: false,
            heard: now,
        });
        other.heard = now;
        let end = other.missing + other.text.chars();
        let is_gap = part.offset > end;
        if is_gap || part.offset < other.missing {
            // What is between the two is not known: it begins anew.
            other.text = other.text.anew(part.metadata.clone());
            other.missing = part.offset;
        }
        let offset = part.offset - other.missing;
        let is_more = other.text.append(&part.text, Some(offset), bytes_max).unwrap_or(false);
        let is_other = other.text.describe(part.metadata.clone());
        if other.missing > 0 {
            let is_stored = part.stored >= other.missing && !other.is_reading;
            other.is_reading |= is_stored;
            return if is_stored { Taken::Read } else { Taken::Nothing };
        }
        if is_more || is_other {
            other.text.is_to_be_told();
        }
        let news = other.text.news(part.message, (part.room, room), part.seq, true);
        Taken::Tell(Box::new(news))
    }

    /// What is stored of one was read: its beginning, if it reaches far enough.
    pub fn read(&mut self, message: MessageId, stored: Option<&str>, bytes_max: usize) {
        let Some(other) = self.all.get_mut(&message) else { return };
        other.is_reading = false;
        let Some(stored) = stored else { return };
        let (heard, metadata) = other.text.whole();
        let mut whole = other.text.anew(metadata);
        let joined = whole
            .append(stored, None, bytes_max)
            .and_then(|_| whole.append(&heard, Some(other.missing), bytes_max));
        if joined.is_ok() {
            whole.is_to_be_told();
            (other.text, other.missing) = (whole, 0);
        }
    }

    pub fn ended(&mut self, message: MessageId) -> Option<RoomKey> {
        self.all.remove(&message).map(|other| other.room)
    }

    /// Takes out those of which nothing was heard any more.
    pub fn take_lost(&mut self, now: Instant) -> Vec<(MessageId, RoomKey)> {
        let is_lost = |_: &MessageId, other: &mut Other| {
            now.saturating_duration_since(other.heard) >= STREAM_LEFT
        };
        let lost = self.all.extract_if(is_lost);
        lost.map(|(message, other)| (message, other.room)).collect()
    }
}
