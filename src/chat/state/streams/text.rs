//! A text that grows, and what of it the readers were told.

use std::sync::Arc;

use super::Unsaid;
use crate::chat::StreamNews;
use parlor_domain::{MessageId, RoomId, RoomKey, Seq};

/// Counted in characters (Unicode code points), which every language of clients has.
#[derive(Debug)]
pub struct Text {
    text: String,
    chars: usize,
    metadata: Option<Arc<str>>,
    /// How much of it was told, in characters and bytes.
    told: usize,
    told_bytes: usize,
    is_described_anew: bool,
    is_told: bool,
    /// Counts what was told.
    step: u32,
}

impl Text {
    pub fn new(metadata: Option<Arc<str>>) -> Self {
        Self {
            text: String::new(),
            chars: 0,
            metadata,
            told: 0,
            told_bytes: 0,
            is_described_anew: false,
            is_told: true,
            step: 0,
        }
    }

    /// An empty one in the place of this: a reader who was told this one is told what is
    /// missing of the new one, whatever its number.
    pub fn anew(&self, metadata: Option<Arc<str>>) -> Self {
        Self { step: self.step.wrapping_add(1), ..Self::new(metadata) }
    }

    pub fn chars(&self) -> usize {
        self.chars
    }

    /// Adds what is not there yet of a piece that stands behind `offset` characters; says
    /// whether there was something.
    pub fn append(
        &mut self,
        piece: &str,
        offset: Option<usize>,
        bytes_max: usize,
    ) -> Result<bool, Unsaid> {
        let offset = offset.unwrap_or(self.chars);
        let known = self.chars.checked_sub(offset).ok_or(Unsaid::Gap(self.chars))?;
        let more = piece.char_indices().nth(known).map_or("", |(at, _)| &piece[at..]);
        if self.text.len() + more.len() > bytes_max {
            return Err(Unsaid::TooLong);
        }
        self.text.push_str(more);
        self.chars += more.chars().count();
        Ok(!more.is_empty())
    }

    /// Says whether it is other than before.
    pub fn describe(&mut self, metadata: Option<Arc<str>>) -> bool {
        let is_other = self.metadata != metadata;
        self.metadata = metadata;
        self.is_described_anew |= is_other;
        is_other
    }

    pub fn is_told(&self) -> bool {
        self.is_told
    }

    pub fn is_to_be_told(&mut self) {
        self.is_told = false;
    }

    pub fn whole(&self) -> (Arc<str>, Option<Arc<str>>) {
        (self.text.as_str().into(), self.metadata.clone())
    }

    /// How it stands; with what was not told yet, which then was.
    pub fn news(
        &mut self,
        message: MessageId,
        (room, room_id): (RoomKey, &RoomId),
        seq: Seq,
        takes: bool,
    ) -> StreamNews {
        let is_fresh = takes && !self.is_told;
        let (offset, from) = (self.told, self.told_bytes);
        let is_described_anew = is_fresh && self.is_described_anew;
        if is_fresh {
            (self.told, self.told_bytes) = (self.chars, self.text.len());
            (self.is_told, self.is_described_anew) = (true, false);
            self.step = self.step.wrapping_add(1);
        }
        StreamNews {
            message,
            room,
            room_id: room_id.clone(),
            seq,
            step: self.step,
            is_fresh,
            is_described_anew,
            // What was said and not told is told with the next step.
            text: self.text[..self.told_bytes].into(),
            chars: self.told,
            offset,
            from,
            metadata: self.metadata.clone(),
        }
    }
}
