//! Many words, all found with one walk over a text. What it costs depends on the text alone.

use std::{collections::HashMap, ops::Range};

use rustc_hash::FxHashMap;

use super::{ListSet, fold::fold};
use crate::{is_unspaced, limits::BLOCKED_WORD_TOKENS};
use unicode_normalization::char::is_combining_mark;

/// A step of the tree that the words are in: of the words that have the same beginning.
type Node = u32;

const ROOT: Node = 0;

/// Words, as the sequences of the [`Token`]s that they consist of.
#[derive(Debug, Default)]
pub(super) struct Words {
    /// Seeded: whoever has a room chooses them.
    tokens: HashMap<Box<str>, u32>,
    steps: FxHashMap<(Node, u32), Node>,
    nodes: Vec<NodeState>,
    bytes: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct NodeState {
    /// The lists that have the word that ends here.
    ends: ListSet,
    goes_on: bool,
}

/// A part of a folded text that is compared as a whole: letters and digits that stand
/// together; one character of a script without spaces, in which words are found anywhere;
/// any other sign that is no space.
type Token = Range<usize>;

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || is_combining_mark(c)
}

/// The token that begins at a place or behind spaces there.
fn token(text: &str, from: usize) -> Option<Token> {
    let bytes = text.as_bytes();
    let mut at = from;
    while bytes.get(at).is_some_and(|byte| matches!(byte, b' ' | b'\n')) {
        at += 1;
    }
    let first = *bytes.get(at)?;
    if first.is_ascii() && !first.is_ascii_alphanumeric() {
        return Some(at..at + 1);
    }
    let first = text[at..].chars().next()?;
    let mut end = at + first.len_utf8();
    if !first.is_ascii() && (is_unspaced(first) || !is_of_word(first)) {
        return Some(at..end);
    }
    while let Some(byte) = bytes.get(end) {
        match byte.is_ascii() {
            true if byte.is_ascii_alphanumeric() => end += 1,
            true => break,
            false => match text[end..].chars().next() {
                Some(c) if is_of_word(c) && !is_unspaced(c) => end += c.len_utf8(),
                _ => break,
            },
        }
    }
    Some(at..end)
}

/// All tokens of a text.
fn tokens(text: &str) -> impl Iterator<Item = Token> + '_ {
    let next = move |last: &Token| token(text, last.end);
    std::iter::successors(token(text, 0), next)
}

impl Words {
    /// Adds a word, which may be several, to a list. `false`: nothing is left of it, or it has
    /// more than [`BLOCKED_WORD_TOKENS`].
    pub fn add(&mut self, word: &str, list: usize) -> bool {
        let folded = fold(word).text;
        if tokens(&folded).nth(BLOCKED_WORD_TOKENS).is_some() {
            return false;
        }
        let (mut node, mut at) = (ROOT, 0);
        if self.nodes.is_empty() {
            self.nodes.push(NodeState::default());
        }
        while let Some(token) = token(&folded, at) {
            at = token.end;
            node = self.step(node, &folded[token]);
        }
        self.nodes[node as usize].ends.insert(list);
        node != ROOT
    }

    fn step(&mut self, node: Node, token: &str) -> Node {
        let next = self.tokens.len() as u32;
        let token = match self.tokens.get(token) {
            Some(known) => *known,
            None => {
                self.bytes += token.len() + TOKEN_BYTES;
                self.tokens.insert(token.into(), next);
                next
            }
        };
        let new = self.nodes.len() as Node;
        *self.steps.entry((node, token)).or_insert_with(|| {
            self.nodes[node as usize].goes_on = true;
            self.nodes.push(NodeState::default());
            self.bytes += NODE_BYTES;
            new
        })
    }

    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Says of each word in a folded text where it is, and in which lists; of those that begin
    /// at one place, of the shortest first.
    pub fn find(&self, text: &str, mut found: impl FnMut(Range<usize>, ListSet)) {
        let mut at = 0;
        while let Some(first) = token(text, at) {
            at = first.end;
            let (start, mut last, mut node) = (first.start, first, ROOT);
            loop {
                let known = self.tokens.get(&text[last.clone()]);
                let Some(next) = known.and_then(|token| self.steps.get(&(node, *token))) else {
                    break;
                };
                node = *next;
                let NodeState { ends, goes_on } = self.nodes[node as usize];
                if !ends.is_empty() {
                    found(start..last.end, ends);
                }
                match token(text, last.end).filter(|_| goes_on) {
                    Some(next) => last = next,
                    None => break,
                }
            }
        }
    }

    /// How much memory they take, or a little more.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

/// What a token takes besides its text, and a node with the step to it: entries of maps that
/// may be half empty.
const TOKEN_BYTES: usize = 64;
const NODE_BYTES: usize = 48;

#[cfg(test)]
mod tests {
    use super::*;

    fn found(words: &[&str], text: &str) -> Vec<String> {
        let mut all = Words::default();
        for (list, word) in words.iter().enumerate() {
            assert!(all.add(word, list), "{word}");
        }
        let text = fold(text).text;
        let mut found = Vec::new();
        all.find(&text, |range, _| found.push(text[range].to_owned()));
        found
    }

    #[test]
    fn words_are_found_whole() {
        let words = ["bad", "bad egg", "Böse", "a$$", "🖕"];
        assert_eq!(found(&words, "a bad, BAD one; badly abad bad_x"), ["bad", "bad", "bad"]);
        assert_eq!(found(&words, "a bad  egg"), ["bad", "bad  egg"]);
        assert_eq!(found(&words, "bad eggs"), ["bad"]);
        assert_eq!(found(&words, "bose BÖSE"), ["bose", "bose"]);
        assert_eq!(found(&words, "a$$ a a$"), ["a$$"]);
        assert_eq!(found(&words, "so🖕so"), ["🖕"]);
        assert_eq!(found(&words, ""), Vec::<String>::new());
    }

    #[test]
    fn in_scripts_without_spaces_they_are_found_anywhere() {
        assert_eq!(found(&["坏词"], "这是坏词吗"), ["坏词"]);
        assert_eq!(found(&["坏词"], "坏的词"), Vec::<String>::new());
        assert_eq!(found(&["나쁜"], "나쁜말"), ["나쁜"]);
        assert_eq!(found(&["плохо"], "Плохо! неплохо"), ["плохо"]);
    }

    #[test]
    fn nothing_is_left_of_what_cannot_be_seen() {
        assert!(!Words::default().add("\u{200b} ", 0));
    }

    #[test]
    fn a_word_has_a_bounded_number_of_parts() {
        assert!(Words::default().add(&"!".repeat(BLOCKED_WORD_TOKENS), 0));
        assert!(!Words::default().add(&"!".repeat(BLOCKED_WORD_TOKENS + 1), 0));
    }
}
