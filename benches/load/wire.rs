//! Parlor's frames, read and written without a JSON parser where they are many.
//!
//! That is possible because Parlor writes `type` first and the envelope's
//! `seq` before `data`. A frame that begins otherwise ends the run; it is not
//! skipped.

use crate::{Result, frame};

/// Width of every number in a message: the whole of a `u64`.
pub const DIGITS: usize = 20;
/// Stands before the time in a message's content. Occurs nowhere else in a
/// frame: the bench's ids and names have none.
pub const STAMP: u8 = b'~';
/// Bytes of a message's content, unless `--content` says otherwise.
pub const CONTENT_BYTES: usize = 100;

/// A frame from the server.
pub enum Incoming<'a> {
    /// The answer to a `message.send`.
    Ack {
        sent_at: u64,
        seq: u64,
    },
    /// A `message.created`.
    Message {
        sent_at: u64,
        seq: u64,
    },
    Error(&'a [u8]),
    /// One that carries no `seq`.
    Other,
}

impl<'a> Incoming<'a> {
    #[inline]
    pub fn read(text: &'a [u8]) -> Result<Self> {
        let known = if text.starts_with(br#"{"type":"message.created""#) {
            stamp(text).zip(seq(text)).map(|(sent_at, seq)| Incoming::Message { sent_at, seq })
        } else if text.starts_with(br#"{"type":"ack","id":""#) {
            number(&text[20..]).zip(seq(text)).map(|(sent_at, seq)| Incoming::Ack { sent_at, seq })
        } else if text.starts_with(br#"{"type":"error""#) {
            Some(Incoming::Error(text))
        } else {
            text.starts_with(br#"{"type":""#).then_some(Incoming::Other)
        };
        Ok(known.ok_or_else(|| format!("a frame that was not expected: {}", excerpt(text)))?)
    }
}

/// The start of a frame, for a message about it.
pub fn excerpt(text: &[u8]) -> String {
    String::from_utf8_lossy(&text[..text.len().min(300)]).into_owned()
}

/// Whether an error says that the same is welcome later.
pub fn is_unavailable(error: &[u8]) -> bool {
    const CODE: &[u8] = br#""code":"unavailable""#;
    error.windows(CODE.len()).any(|bytes| bytes == CODE)
}

/// The value of the first `"seq":`, which is the envelope's in an event and
/// the only one in an ack.
fn seq(text: &[u8]) -> Option<u64> {
    const NAME: &[u8] = br#""seq":"#;
    let at = text.windows(NAME.len()).position(|bytes| bytes == NAME)?;
    number(&text[at + NAME.len()..])
}

/// The time in a message's content.
fn stamp(text: &[u8]) -> Option<u64> {
    number(after_stamp(text)?)
}

/// What follows the first [`STAMP`].
pub fn after_stamp(text: &[u8]) -> Option<&[u8]> {
    split_at(STAMP, text).map(|(_, after)| after)
}

/// What stands before the first `byte`, and after it.
#[inline]
#[expect(unsafe_code, reason = "memchr(3)")]
pub fn split_at(byte: u8, text: &[u8]) -> Option<(&[u8], &[u8])> {
    // SAFETY: `memchr` reads within the length of `text` only.
    let found = unsafe { libc::memchr(text.as_ptr().cast(), byte.into(), text.len()) };
    let at = (found as usize).checked_sub(text.as_ptr() as usize)?;
    Some((&text[..at], &text[at + 1..]))
}

/// The decimal number that `text` begins with.
pub fn number(text: &[u8]) -> Option<u64> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit());
    let (count, value) = digits.fold((0, 0u64), |(count, value), digit| {
        (count + 1, value.wrapping_mul(10).wrapping_add(u64::from(digit - b'0')))
    });
    (1..=DIGITS).contains(&count).then_some(value)
}

/// Writes one sender's `message.send` frames by filling numbers into a form.
///
/// The request's `id` begins with the time it was sent: its ack brings the
/// time back, and nobody has to keep what is under way.
pub struct Composer {
    form: Vec<u8>,
    /// Where the numbers go: the time, and the count that tells messages of
    /// the same time apart.
    times: [usize; 2],
    counts: [usize; 2],
    composed: u64,
}

impl Composer {
    pub fn new(room: &str, content_bytes: usize) -> Self {
        const BLANK: &str = "00000000000000000000";
        let mut form = String::from(r#"{"type":"message.send","id":""#);
        let id_time = form.len();
        form.push_str(&format!("{BLANK}."));
        let id_count = form.len();
        form.push_str(&format!(r#"{BLANK}","data":{{"room_id":"{room}","client_id":""#));
        let client_id = form.len();
        form.push_str(&format!(r#"{BLANK}","content":"{}"#, char::from(STAMP)));
        let stamp = form.len();
        form.push_str(BLANK);
        form.push(' ');
        let filler = "the quick brown fox jumps over the lazy dog ".chars().cycle();
        form.extend(filler.take(content_bytes.saturating_sub(DIGITS + 2)));
        form.push_str(r#""}}"#);
        Composer {
            form: form.into_bytes(),
            times: [id_time, stamp],
            counts: [id_count, client_id],
            composed: 0,
        }
    }

    /// Appends the next message, sent at `now`, to `out`.
    pub fn compose(&mut self, now: u64, out: &mut Vec<u8>) {
        self.composed += 1;
        for (places, value) in [(self.times, now), (self.counts, self.composed)] {
            let digits = digits(value);
            for place in places {
                self.form[place..][..DIGITS].copy_from_slice(&digits);
            }
        }
        frame::push(out, frame::TEXT, &self.form);
    }
}

/// All [`DIGITS`] of a number.
pub fn digits(mut value: u64) -> [u8; DIGITS] {
    let mut digits = [b'0'; DIGITS];
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
    }
    digits
}
