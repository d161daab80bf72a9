//! Lists of words and patterns, and what becomes of a text in which they are found.
//!
//! All words of all lists are found with one walk over the folded text, each pattern with
//! another one. What that costs depends on how long the text is, and on how many patterns
//! there are; never on what they or the text say.

mod fold;
mod pattern;
mod words;

use std::{ops::Range, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::{
    fold::{Folded, fold},
    pattern::{Pattern, with_bounds, without_bounds},
    words::Words,
};
use crate::{
    BlocklistId, Timestamp,
    limits::{BLOCKED_WORD_CHARS, BLOCKED_WORD_TOKENS},
};

pub use pattern::InvalidPattern;

/// What becomes of a text in which something of a list is found.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum BlocklistAction {
    /// It is reported to those who moderate.
    Flag,
    /// What was found is replaced by asterisks.
    Mask,
    /// It is not stored.
    Refuse,
}

impl BlocklistAction {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::Mask => "mask",
            Self::Refuse => "refuse",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Flag, Self::Mask, Self::Refuse].into_iter().find(|one| one.as_str() == text)
    }
}

/// A list, as it was set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocklist {
    pub id: BlocklistId,
    pub action: BlocklistAction,
    pub words: Vec<String>,
    pub patterns: Vec<String>,
    pub updated_at: Timestamp,
}

/// The same without what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlocklistSummary {
    pub id: BlocklistId,
    pub action: BlocklistAction,
    /// How many.
    pub words: i64,
    pub patterns: i64,
    pub updated_at: Timestamp,
}

/// What is wrong with a list; continues a sentence that begins with the name of the field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidBlocklist {
    #[error(
        "must each have 1 to {BLOCKED_WORD_CHARS} characters that can be seen, in at most \
         {BLOCKED_WORD_TOKENS} parts; number {0} has not"
    )]
    Word(usize),
    #[error("number {0} {1}")]
    Pattern(usize, InvalidPattern),
    #[error("would take more memory than those of one list may here; [a-z] takes less than \\w")]
    TooLarge,
}

/// Some of the lists of a [`Blocklists`], by their places in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct ListSet(u32);

impl ListSet {
    fn insert(&mut self, list: usize) {
        self.0 |= 1 << list;
    }

    fn of(list: usize) -> Self {
        Self(1 << list)
    }

    fn is_empty(self) -> bool {
        self.0 == 0
    }

    fn has_any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// Lists that are ready to be looked through: those of the deployment, or of a room.
#[derive(Debug, Default)]
pub struct Blocklists {
    lists: Vec<(BlocklistId, BlocklistAction)>,
    refusing: ListSet,
    masking: ListSet,
    words: Words,
    patterns: Vec<(usize, Pattern)>,
}

/// What is to become of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Screened {
    /// By those in this place.
    Refused(usize),
    Passed {
        /// With asterisks, if something of it is masked.
        masked: Option<Arc<str>>,
        flagged: bool,
    },
}

impl Blocklists {
    /// Makes them ready; that may take some milliseconds for each pattern.
    ///
    /// # Errors
    /// What is wrong with which of them.
    pub fn new(lists: &[Blocklist]) -> Result<Self, InvalidBlocklist> {
        let mut ready = Self::default();
        for (at, list) in lists.iter().enumerate() {
            match list.action {
                BlocklistAction::Flag => {}
                BlocklistAction::Mask => ready.masking.insert(at),
                BlocklistAction::Refuse => ready.refusing.insert(at),
            }
            for (number, word) in list.words.iter().enumerate() {
                let fits = word.chars().count() <= BLOCKED_WORD_CHARS;
                if !fits || !ready.words.add(word, at) {
                    return Err(InvalidBlocklist::Word(number + 1));
                }
            }
            for (number, pattern) in list.patterns.iter().enumerate() {
                let pattern = Pattern::new(pattern, list.action == BlocklistAction::Mask);
                let invalid = |invalid| InvalidBlocklist::Pattern(number + 1, invalid);
                ready.patterns.push((at, pattern.map_err(invalid)?));
            }
            ready.lists.push((list.id.clone(), list.action));
        }
        Ok(ready)
    }

    pub fn is_empty(&self) -> bool {
        self.words.is_empty() && self.patterns.is_empty()
    }

    /// Whether one of them keeps others from reading what was written.
    pub fn hides(&self) -> bool {
        !self.refusing.is_empty() || !self.masking.is_empty()
    }

    /// How much memory they take, or a little more.
    pub fn bytes(&self) -> usize {
        let patterns: usize = self.patterns.iter().map(|(_, pattern)| pattern.bytes()).sum();
        self.words.bytes() + patterns
    }

    /// The lists of which something is in a text.
    pub fn found_in(&self, text: &str) -> Vec<(BlocklistId, BlocklistAction)> {
        let found = self.look(&fold(text), &mut Vec::new());
        let lists = self.lists.iter().enumerate();
        lists
            .filter(|(at, _)| found.has_any(ListSet::of(*at)))
            .map(|(_, one)| one.clone())
            .collect()
    }

    /// The lists of which something is in a text, and the characters of the original that are
    /// to be masked.
    fn look(&self, text: &Folded, masked: &mut Vec<Range<usize>>) -> ListSet {
        let mut found = ListSet::default();
        self.words.find(&text.text, |place, lists| {
            found.0 |= lists.0;
            if lists.has_any(self.masking) {
                masked.push(text.original(place));
            }
        });
        let looks_at_bounds = self.patterns.iter().any(|(_, pattern)| pattern.looks_at_bounds);
        let marked = looks_at_bounds.then(|| with_bounds(&text.text));
        for (list, pattern) in &self.patterns {
            let bounds = marked.as_deref().filter(|_| pattern.looks_at_bounds);
            let read = bounds.unwrap_or(&text.text);
            if !ListSet::of(*list).has_any(self.masking) {
                found.0 |= if pattern.is_in(read) { ListSet::of(*list).0 } else { 0 };
                continue;
            }
            for place in pattern.places(read) {
                found.insert(*list);
                let place = bounds.map_or(place.clone(), |marked| without_bounds(marked, place));
                masked.push(text.original(place));
            }
        }
        found
    }
}

/// Looks through a text for what is in any of some lists.
pub fn screen<'a>(text: &str, all: impl IntoIterator<Item = &'a Blocklists>) -> Screened {
    let (folded, mut places, mut flagged) = (fold(text), Vec::new(), false);
    for (at, lists) in all.into_iter().enumerate() {
        let found = lists.look(&folded, &mut places);
        if found.has_any(lists.refusing) {
            return Screened::Refused(at);
        }
        flagged |= found.0 & !lists.masking.0 != 0;
    }
    let masked = (!places.is_empty()).then(|| mask(text, places).into());
    Screened::Passed { masked, flagged }
}

/// Replaces characters by as many asterisks, so that all others stay where they are. Space
/// between words stays.
fn mask(text: &str, mut places: Vec<Range<usize>>) -> String {
    places.sort_unstable_by_key(|place| place.start);
    let mut places = places.into_iter().peekable();
    let mut upto = 0;
    let mask = |(at, c): (usize, char)| {
        while let Some(place) = places.next_if(|place| place.start <= at) {
            upto = place.end.max(upto);
        }
        if at < upto && !c.is_whitespace() { '*' } else { c }
    };
    text.chars().enumerate().map(mask).collect()
}

#[cfg(test)]
mod tests;
