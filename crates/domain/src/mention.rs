//! Mentions: whom an `@` in a text refers to.

use unicode_normalization::char::is_combining_mark;

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

/// Whether a character before an `@` makes it a part of a word: `josé@bob`,
/// also where the é is two characters.
fn is_of_a_word(c: char) -> bool {
    is_id_char(c) || c.is_alphanumeric() || is_combining_mark(c)
}

/// What stands before an `@`, up to a blank, read once from left to right: it
/// may be the beginning of an address, `https://example.org/`, `example.org/`.
#[derive(Default)]
struct Run {
    is_address: bool,
    /// How much of `://` came last.
    scheme: usize,
    has_dot: bool,
    has_at: bool,
    /// A slash has come: what follows is no part of a host.
    is_past_host: bool,
}

impl Run {
    fn take(&mut self, c: char) {
        if ends_address(c) {
            return *self = Self::default();
        }
        self.scheme = match (c, self.scheme) {
            (':', _) => 1,
            ('/', 1 | 2) => self.scheme + 1,
            _ => 0,
        };
        self.is_address |= self.scheme == 3;
        match c {
            '/' => {
                self.is_address |= !self.is_past_host && self.has_dot && !self.has_at;
                self.is_past_host = true;
            }
            '.' => self.has_dot = true,
            '@' => self.has_at = true,
            _ => {}
        }
    }
}

/// What ends an address for certain: blanks, quotes, and what CJK text has
/// between its words. The client's links end there, too.
fn ends_address(c: char) -> bool {
    c.is_whitespace() || "<>\"`。、，；：！？（）「」『』【】〈〉《》".contains(c)
}

/// Whom a text mentions. Most mention nobody, and cost one look.
pub fn mentioned_in(content: &str) -> Mentioned {
    if content.contains('@') { Mentioned::find(content) } else { Mentioned::default() }
}

impl Mentioned {
    /// Finds the mentions of a text: an `@` at a word's beginning, and an id.
    /// An address mentions nobody. `tests/vectors/mentions.json` holds this
    /// and the JavaScript client to the same.
    pub fn find(text: &str) -> Self {
        let mut found = Self::default();
        let (mut before, mut run) = (None, Run::default());
        for (at, c) in text.char_indices() {
            let begins = c == '@' && before.is_none_or(|before| !is_of_a_word(before));
            let is_address = run.is_address;
            before = Some(c);
            run.take(c);
            if begins && !is_address {
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

    /// The same texts are shown to the JavaScript client.
    #[test]
    fn the_texts_of_the_vectors_mention_whom_they_say() {
        let vectors = include_str!("../../../tests/vectors/mentions.json");
        let vectors: Vec<serde_json::Value> = serde_json::from_str(vectors).expect("a list");
        assert!(vectors.len() >= 20);
        for vector in vectors {
            let text = vector["text"].as_str().expect("a text");
            let names = |field: &str| -> Vec<String> {
                let names = vector[field].as_array().expect("a list");
                names.iter().map(|name| name.as_str().expect("a name").to_owned()).collect()
            };
            let members = names("members");
            let found = Mentioned::find(text);
            let meant = |names: &Vec<String>| names.iter().find(|n| members.contains(n)).cloned();
            let mut mentioned: Vec<String> = found.candidates.iter().filter_map(meant).collect();
            mentioned.extend(found.room.then(|| ROOM.to_owned()));
            mentioned.sort();
            mentioned.dedup();
            assert_eq!(mentioned, names("mentions"), "{text:?}");
        }
    }

    #[test]
    fn the_number_of_mentions_is_bounded() {
        let text: String = (0..MENTIONS + 10).map(|i| format!("@u{i} ")).collect();
        assert_eq!(Mentioned::find(&text).candidates.len(), MENTIONS);
    }
}
