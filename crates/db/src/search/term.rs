//! One thing that is looked for.

use crate::words::{Kind, words};

/// A word, or several one behind the other; perhaps the last is a beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Term {
    pub words: Vec<String>,
    pub is_beginning: bool,
}

impl Term {
    /// `None`: there is no word in it.
    pub fn new(text: &str, is_beginning: bool) -> Option<Self> {
        let mut words = words(text);
        let is_beginning = match &words[..] {
            [] => return None,
            // The pair before has it, too; what follows it may be anything.
            [.., pair, last] if (pair.kind, last.kind) == (Kind::Pair, Kind::Last) => {
                words.pop();
                false
            }
            // It begins a pair, or ends a run.
            [.., last] => is_beginning || last.kind == Kind::Last,
        };
        Some(Self { words: words.into_iter().map(|word| word.text).collect(), is_beginning })
    }

    /// As FTS5 understands it (<https://sqlite.org/fts5.html> section 3).
    /// What is there as a whole counts twice, and comes before what only
    /// begins so.
    pub fn to_fts5(&self) -> String {
        let phrase = format!("\"{}\"", self.words.join(" "));
        if self.is_beginning { format!("({phrase} OR {phrase} *)") } else { phrase }
    }

    /// Its words one behind the other, as PostgreSQL understands them. They
    /// are letters and digits only, so nothing has to be escaped.
    pub fn phrase(&self) -> String {
        let words: Vec<String> = self.words.iter().map(|word| format!("'{word}'")).collect();
        words.join(" <-> ")
    }

    pub fn to_tsquery(&self) -> String {
        let phrase = self.phrase();
        if self.is_beginning {
            format!("(({phrase}) | ({phrase}:*))")
        } else {
            format!("({phrase})")
        }
    }
}
