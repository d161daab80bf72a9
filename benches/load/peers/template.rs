//! The message that every server is given, and what of it comes back.

use crate::{
    frame,
    wire::{CONTENT_BYTES, DIGITS, STAMP, after_stamp, digits, number},
};

/// Stand in a message for the time it is sent and for its number.
const TIME: &str = "TTTTTTTTTTTTTTTTTTTT";
const COUNT: &str = "NNNNNNNNNNNNNNNNNNNN";

/// What [`stamp`] finds and words after it, `bytes` bytes in all.
pub fn content(bytes: usize) -> String {
    let words = "the quick brown fox jumps over the lazy dog ".chars().cycle();
    let mut content = format!("{}{TIME}.{COUNT} ", char::from(STAMP));
    content.extend(words.take(bytes.saturating_sub(content.len())));
    content
}

/// A `message.send` of the same form as those of the other scenarios.
pub fn message_text(room: &str) -> String {
    let said = said();
    format!(r#"{{"type":"message.send","id":"{COUNT}","data":{{"room_id":"{room}",{said}}}}}"#)
}

/// What is in it of the sender's.
pub fn said() -> String {
    format!(r#""client_id":"{COUNT}","content":"{}""#, content(CONTENT_BYTES))
}

/// JSON of `bytes` bytes, for servers that do not look into it.
pub fn body(bytes: usize) -> String {
    const BEGIN: &str = r#"{"type":"message.created","content":""#;
    const END: &str = r#""}"#;
    format!("{BEGIN}{}{END}", content(bytes.saturating_sub(BEGIN.len() + END.len())))
}

/// The time and the number in a message, if the text is one.
#[inline]
pub fn stamp(text: &[u8]) -> Option<(u64, u64)> {
    let stamp = after_stamp(text)?;
    Some((number(stamp)?, number(stamp.get(DIGITS + 1..)?)?))
}

/// Writes the sender's frames by filling numbers into a form.
pub struct Template {
    form: Vec<u8>,
    times: Vec<usize>,
    counts: Vec<usize>,
    composed: u64,
}

impl Template {
    pub fn new(form: &str) -> Self {
        let places = |mark| form.match_indices(mark).map(|(place, _)| place).collect();
        let (times, counts) = (places(TIME), places(COUNT));
        Template { form: form.as_bytes().to_vec(), times, counts, composed: 0 }
    }

    /// Appends the next message, sent at `now`, to `out`.
    pub fn compose(&mut self, now: u64, out: &mut Vec<u8>) {
        self.composed += 1;
        for (places, value) in [(&self.times, now), (&self.counts, self.composed)] {
            let digits = digits(value);
            for &place in places {
                self.form[place..][..DIGITS].copy_from_slice(&digits);
            }
        }
        frame::push(out, frame::TEXT, &self.form);
    }
}
