//! Who is meant by an `@` in a text.

use crate::limits::MENTIONS;

use super::{ID_CHARS_MAX, UserId};

/// The names that a text mentions, each once and as written; which of them
/// are members only the database knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mentioned {
    /// For each mention what it may stand for, the longest first: `@ann.` is
    /// `ann.` if there is such a member, or else `ann`.
    pub candidates: Vec<Vec<String>>,
    /// `@room` is in it.
    pub room: bool,
}

const ROOM: &str = "room";

fn is_id_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || "._:@+~=|-".contains(c)
}

impl Mentioned {
    /// Finds the mentions of a text: an `@` at a word's beginning, and an id.
    pub fn find(text: &str) -> Self {
        let mut found = Self::default();
        let mut before = None;
        for (at, c) in text.char_indices() {
            let begins = c == '@' && before.is_none_or(|before| !is_id_char(before));
            before = Some(c);
            if begins {
                found.add(&text[at + 1..]);
            }
            if found.candidates.len() >= MENTIONS {
                break;
            }
        }
        found
    }

    fn add(&mut self, rest: &str) {
        let end = rest.find(|c| !is_id_char(c)).unwrap_or(rest.len());
        let word = &rest[..end.min(ID_CHARS_MAX)];
        let mut names = vec![word.to_owned()];
        let mut short = word;
        // What ends a sentence or begins a list is more often no part of an id.
        while let Some(cut) = short.strip_suffix(|c: char| !c.is_ascii_alphanumeric()) {
            short = cut;
            names.push(short.to_owned());
        }
        // Signs alone are a way to write, and no name.
        names.retain(|name| name.contains(|c: char| c.is_ascii_alphanumeric()));
        names.retain(|name| UserId::parse(name).is_ok());
        if names.iter().any(|name| name == ROOM) {
            self.room = true;
        } else if !names.is_empty() && !self.candidates.contains(&names) {
            self.candidates.push(names);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.candidates.is_empty() && !self.room
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn longest(text: &str) -> Vec<String> {
        Mentioned::find(text).candidates.into_iter().map(|mut names| names.remove(0)).collect()
    }

    #[test]
    fn a_mention_is_an_at_sign_and_an_id_at_the_beginning_of_a_word() {
        assert_eq!(longest("hi @ann, and @ben:x"), ["ann", "ben:x"]);
        assert_eq!(longest("(@ann)"), ["ann"]);
        assert_eq!(longest("mail ann@example.org"), Vec::<String>::new());
        assert_eq!(longest("@ @@ @ä"), Vec::<String>::new().as_slice());
        assert_eq!(longest("@ann @ann"), ["ann"]);
    }

    #[test]
    fn what_ends_a_sentence_may_be_part_of_the_id_or_not() {
        assert_eq!(Mentioned::find("ask @ann.b.").candidates, [["ann.b.", "ann.b"]]);
        assert_eq!(Mentioned::find("@ann:").candidates, [["ann:", "ann"]]);
    }

    #[test]
    fn the_room_is_mentioned_by_its_word() {
        let found = Mentioned::find("@room: lunch");
        assert!(found.room && found.candidates.is_empty());
        assert!(!Mentioned::find("@rooms").room);
    }

    #[test]
    fn the_number_of_mentions_is_bounded() {
        let text: String = (0..MENTIONS + 10).map(|i| format!("@u{i} ")).collect();
        assert_eq!(Mentioned::find(&text).candidates.len(), MENTIONS);
    }
}
