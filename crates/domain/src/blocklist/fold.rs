//! A text as it is compared with a list: without what makes no difference to a reader, and
//! with the places of what is left in the text as it was written.
//!
//! Compatibility forms are one (NFKC), so are capital and small letters (full case folding, by
//! way of the capital), and a letter with and without an accent. What cannot be seen is left
//! out. Letters of different scripts that only look alike are not the same.

use std::ops::Range;

use unicode_normalization::char::{compose, decompose_compatible, is_combining_mark};

use crate::{is_accent, name::is_hidden};

/// A text that was folded.
#[derive(Debug, Default)]
pub(super) struct Folded {
    pub text: String,
    /// Where its characters come from; `None`: each is where it was.
    places: Option<Vec<Place>>,
}

/// One character of a folded text.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// Its first byte in the folded text.
    at: u32,
    /// The characters of the original that became it.
    start: u32,
    end: u32,
}

/// Folds a text.
pub(super) fn fold(text: &str) -> Folded {
    let is_plain = |byte: u8| byte.is_ascii() && (byte >= b' ' && byte != 0x7f || byte == b'\n');
    if text.bytes().all(is_plain) {
        return Folded { text: text.to_ascii_lowercase(), places: None };
    }
    let mut folding =
        Folding { text: String::with_capacity(text.len()), places: Vec::with_capacity(text.len()) };
    for (at, c) in (0..).zip(text.chars()) {
        match c {
            '\n' | ' '..='\u{7e}' => folding.add(c.to_ascii_lowercase(), at),
            _ if c.is_whitespace() => folding.add(' ', at),
            _ if is_hidden(c) => folding.lengthen(at),
            _ => decompose_compatible(c, |part| folding.fold(part, at)),
        }
    }
    Folded { text: folding.text, places: Some(folding.places) }
}

struct Folding {
    text: String,
    places: Vec<Place>,
}

impl Folding {
    /// What cannot be seen belongs to the character before it.
    fn lengthen(&mut self, at: u32) {
        if let Some(last) = self.places.last_mut() {
            last.end = at + 1;
        }
    }

    fn fold(&mut self, part: char, at: u32) {
        // The capital of a small letter may be several, which another capital is not.
        let capitals = part.to_lowercase().flat_map(char::to_uppercase);
        for c in capitals.flat_map(char::to_lowercase) {
            match self.is_left_out(c) {
                true => self.lengthen(at),
                // Sigma has another form at the end of a word.
                false => self.add(if c == 'ς' { 'σ' } else { c }, at),
            }
        }
    }

    /// Accents; on letters of scripts that have no other marks, all marks.
    fn is_left_out(&self, c: char) -> bool {
        let before = self.text.chars().next_back().unwrap_or(' ');
        is_accent(c) || before < '\u{900}' && is_combining_mark(c)
    }

    fn add(&mut self, c: char, at: u32) {
        // The parts of Korean syllables and of voiced Japanese ones.
        let last = if c.is_ascii() { None } else { self.text.chars().next_back() };
        if let Some((last, whole)) = last.and_then(|last| Some((last, compose(last, c)?))) {
            self.text.truncate(self.text.len() - last.len_utf8());
            self.text.push(whole);
            return self.lengthen(at);
        }
        self.places.push(Place { at: self.text.len() as u32, start: at, end: at + 1 });
        self.text.push(c);
    }
}

impl Folded {
    /// The characters of the original that a part of the folded text comes from.
    pub fn original(&self, bytes: Range<usize>) -> Range<usize> {
        let Some(places) = &self.places else { return bytes };
        let first = places.partition_point(|place| (place.at as usize) <= bytes.start);
        let last = places.partition_point(|place| (place.at as usize) < bytes.end);
        match (places.get(first.wrapping_sub(1)), places.get(last.wrapping_sub(1))) {
            (Some(first), Some(last)) => first.start as usize..last.end as usize,
            _ => 0..0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_no_difference_to_a_reader_is_folded() {
        for (text, folded) in [
            ("Ein CAFÉ", "ein cafe"),
            ("cafe\u{301}", "cafe"),
            ("STRASSE straße STRAẞE", "strasse strasse strasse"),
            ("ＡＢＣ ﬁn 𝐛𝐚𝐝", "abc fin bad"),
            ("b\u{200b}a\u{ad}d\u{2060}", "bad"),
            ("b\u{337}a\u{35c}d\u{20d2}", "bad"),
            ("b\u{e48}ad", "bad"),
            ("ΟΔΟΣ οδος", "οδοσ οδοσ"),
            ("Плохо", "плохо"),
            ("İ ı", "i i"),
            ("a\tb\r\nc\u{a0}d", "a b \nc d"),
            ("한글", "한글"),
            ("\u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af}", "한글"),
            ("か\u{3099} ｶﾞ", "が ガ"),
            ("किताब", "किताब"),
            ("كَتَبَ", "كتب"),
        ] {
            assert_eq!(fold(text).text, folded, "{text:?}");
        }
        assert_ne!(fold("раd").text, "pad", "of another script");
    }

    #[test]
    fn a_part_knows_where_it_was() {
        let folded = fold("xÉ\u{301}\u{200b}ﬁ y");
        assert_eq!(folded.text, "xefi y");
        assert_eq!(folded.original(0..1), 0..1);
        assert_eq!(folded.original(1..2), 1..4, "with what is on it and behind it");
        assert_eq!(folded.original(2..3), 4..5);
        assert_eq!(folded.original(3..4), 4..5, "one character became both");
        assert_eq!(folded.original(5..6), 6..7);
        assert_eq!(fold("plain").original(1..3), 1..3);
    }
}
