//! What somebody looks for, as FTS5 understands it.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use crate::{
    domain::{MessageId, RoomKey, UserKey},
    limits::{SEARCH_BYTES, SEARCH_TERMS},
};

/// A search: words that must be there, phrases, beginnings of words, and
/// words that must not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchQuery {
    wanted: Vec<Term>,
    unwanted: Vec<Term>,
}

/// A word or a phrase, or the beginning of one.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Term {
    text: String,
    is_beginning: bool,
}

impl Term {
    fn whole(text: &str) -> Self {
        Self { text: text.to_owned(), is_beginning: false }
    }

    /// As FTS5 understands it.
    fn quoted(&self) -> String {
        let text = quoted(&self.text);
        if self.is_beginning { format!("{text} *") } else { text }
    }

    /// As PostgreSQL understands it: its words one behind the other.
    fn as_tsquery(&self) -> String {
        let mut words: Vec<String> =
            words(&self.text).into_iter().map(|word| format!("'{word}'")).collect();
        if let (true, Some(last)) = (self.is_beginning, words.last_mut()) {
            last.push_str(":*");
        }
        format!("({})", words.join(" <-> "))
    }
}

/// The words of a text as FTS5's tokenizer finds them, so that both databases
/// find the same: runs of letters and digits, lower case, without accents.
pub(super) fn words(text: &str) -> Vec<String> {
    let folded = text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase);
    let folded: String = folded.collect();
    let runs = folded.split(|c: char| !c.is_alphanumeric()).filter(|run| !run.is_empty());
    runs.map(str::to_owned).collect()
}

/// Quoted, anything is words (<https://sqlite.org/fts5.html> section 3.1), but a
/// NUL, which ends the expression for FTS5.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\"").replace('\0', " "))
}

fn has_words(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

impl SearchQuery {
    /// Reads `word "a phrase" begin* -not`. The error is for a person.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() > SEARCH_BYTES {
            return Err(format!("must have at most {SEARCH_BYTES} bytes"));
        }
        let mut query = Self { wanted: Vec::new(), unwanted: Vec::new() };
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let (is_unwanted, after) = match rest.strip_prefix('-') {
                Some(after) => (true, after),
                None => (false, rest),
            };
            let (term, after) = match after.strip_prefix('"') {
                Some(phrase) => {
                    let (phrase, after) = phrase.split_once('"').unwrap_or((phrase, ""));
                    (Term::whole(phrase), after)
                }
                None => {
                    let end = after.find(char::is_whitespace).unwrap_or(after.len());
                    let (word, after) = after.split_at(end);
                    match word.strip_suffix('*') {
                        Some(start) if has_words(start) => {
                            (Term { text: start.to_owned(), is_beginning: true }, after)
                        }
                        _ => (Term::whole(word), after),
                    }
                }
            };
            if has_words(&term.text) {
                if is_unwanted { &mut query.unwanted } else { &mut query.wanted }.push(term);
            }
            if query.wanted.len() + query.unwanted.len() > SEARCH_TERMS {
                return Err(format!("must have at most {SEARCH_TERMS} words"));
            }
            rest = after.trim_start();
        }
        if query.wanted.is_empty() {
            return Err("must have a word to look for".to_owned());
        }
        Ok(query)
    }

    /// The words alone, for showing where they are.
    pub(super) fn words(&self) -> String {
        joined(&self.wanted, " OR ")
    }

    /// The whole expression, limited to rooms and a sender.
    pub(super) fn matching(&self, rooms: &[RoomKey], sender: Option<UserKey>) -> String {
        let rooms: Vec<String> = rooms.iter().map(|room| room_word(*room)).collect();
        let mut text = format!(
            "(text : ({})) AND (place : ({}))",
            joined(&self.wanted, " AND "),
            rooms.join(" OR ")
        );
        if let Some(sender) = sender {
            text.push_str(&format!(" AND (place : {})", sender_word(sender)));
        }
        for word in &self.unwanted {
            text = format!("({text}) NOT (text : {})", word.quoted());
        }
        text
    }
}

fn joined(terms: &[Term], by: &str) -> String {
    terms.iter().map(Term::quoted).collect::<Vec<_>>().join(by)
}

impl SearchQuery {
    /// The words as PostgreSQL understands them.
    pub(super) fn tsquery(&self) -> String {
        let wanted = self.wanted.iter().map(Term::as_tsquery);
        let unwanted = self.unwanted.iter().map(|term| format!("!{}", term.as_tsquery()));
        wanted.chain(unwanted).collect::<Vec<_>>().join(" & ")
    }
}

pub(super) fn room_word(room: RoomKey) -> String {
    format!("room{}", room.0)
}

pub(super) fn sender_word(sender: UserKey) -> String {
    format!("sender{}", sender.0)
}

/// Where messages of a time begin: their ids rise with it.
pub(super) fn range(from: Option<MessageId>, to: Option<MessageId>) -> (i64, i64) {
    (from.map_or(0, |id| id.0), to.map_or(i64::MAX, |id| id.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matching(text: &str) -> String {
        SearchQuery::parse(text).expect(text).matching(&[RoomKey(1)], None)
    }

    #[test]
    fn words_phrases_beginnings_and_exclusions_are_understood() {
        let place = "(place : (room1))";
        assert_eq!(matching("two words"), format!("(text : (\"two\" AND \"words\")) AND {place}"));
        assert_eq!(matching("\"a phrase\""), format!("(text : (\"a phrase\")) AND {place}"));
        assert_eq!(matching("begin*"), format!("(text : (\"begin\" *)) AND {place}"));
        assert_eq!(
            matching("yes -no"),
            format!("((text : (\"yes\")) AND {place}) NOT (text : \"no\")")
        );
        assert_eq!(matching("open \"end"), format!("(text : (\"open\" AND \"end\")) AND {place}"));
    }

    #[test]
    fn postgresql_is_asked_for_the_same() {
        let tsquery = |text: &str| SearchQuery::parse(text).expect(text).tsquery();
        assert_eq!(tsquery("Two Wörds"), "('two') & ('words')");
        assert_eq!(tsquery("\"a phrase\" don't"), "('a' <-> 'phrase') & ('don' <-> 't')");
        assert_eq!(tsquery("beg* -no"), "('beg':*) & !('no')");
    }

    #[test]
    fn what_means_something_to_fts5_is_only_text() {
        for text in ["a AND b", "NEAR(a b)", "text : x", "a^b", "{a}", "x\"y", "(", "a OR"] {
            match SearchQuery::parse(text) {
                Ok(query) => {
                    assert!(query.wanted.iter().all(|term| term.quoted().starts_with('"')));
                    assert!(!query.tsquery().contains(['"', ';', '{']));
                }
                Err(error) => assert!(error.contains("word"), "{text}"),
            }
        }
        assert_eq!(matching("a\0b"), matching("\"a b\""));
        for empty in ["", "  ", "-", "*", "\"\"", "-x", "!?"] {
            assert!(SearchQuery::parse(empty).is_err(), "{empty}");
        }
        assert!(SearchQuery::parse(&"x ".repeat(SEARCH_TERMS + 1)).is_err());
        assert!(SearchQuery::parse(&"x".repeat(SEARCH_BYTES + 1)).is_err());
    }
}
