//! What somebody looks for, as both databases understand it.

use super::{document::Document, highlight, term::Term};
use crate::words::words;
use parlor_domain::{
    RoomKey, UserKey,
    limits::{SEARCH_BYTES, SEARCH_TERMS},
};

/// A search: words that must be there, phrases, beginnings of words, and
/// words that must not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchQuery {
    wanted: Vec<Term>,
    unwanted: Vec<Term>,
}

/// A piece of what was typed, and what is behind it.
struct Typed<'a> {
    text: &'a str,
    how: How,
    after: &'a str,
}

enum How {
    Word,
    Phrase,
    Beginning,
}

fn next(text: &str) -> Typed<'_> {
    if let Some(phrase) = text.strip_prefix('"') {
        let (text, after) = phrase.split_once('"').unwrap_or((phrase, ""));
        return Typed { text, how: How::Phrase, after };
    }
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    let (word, after) = text.split_at(end);
    match word.strip_suffix('*') {
        Some(text) => Typed { text, how: How::Beginning, after },
        None => Typed { text: word, how: How::Word, after },
    }
}

/// One letter begins half of all words.
fn is_long_enough(word: &str) -> bool {
    words(word).last().is_some_and(|last| last.text.chars().count() > 1)
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
            let (is_unwanted, from) = match rest.strip_prefix('-') {
                Some(from) => (true, from),
                None => (false, rest),
            };
            let Typed { text, how, after } = next(from);
            rest = after.trim_start();
            let is_beginning = match how {
                How::Phrase => false,
                How::Beginning => true,
                // Who types the last word may not have come to its end. What
                // is not to be there is not guessed.
                How::Word => rest.is_empty() && !is_unwanted && is_long_enough(text),
            };
            if let Some(term) = Term::new(text, is_beginning) {
                if is_unwanted { &mut query.unwanted } else { &mut query.wanted }.push(term);
            }
            if query.wanted.len() + query.unwanted.len() > SEARCH_TERMS {
                return Err(format!("must have at most {SEARCH_TERMS} words"));
            }
        }
        if query.wanted.is_empty() {
            return Err("must have a word to search for".to_owned());
        }
        Ok(query)
    }

    /// Whether a message is what is looked for, as it is now: the index may
    /// be a little behind.
    pub fn matches(&self, content: &str, attachments: Option<&str>) -> bool {
        let places = [words(content), Document::names(attachments)];
        let is_in = |term: &Term| places.iter().any(|words| highlight::is_in(term, words));
        self.wanted.iter().all(is_in) && !self.unwanted.iter().any(is_in)
    }

    /// Where in a text the words are, as ranges of characters.
    pub fn highlights(&self, text: &str) -> Vec<(usize, usize)> {
        highlight::ranges(&self.wanted, text)
    }

    /// The whole expression for FTS5, limited to a sender and, unless they
    /// are too many for that, to rooms.
    pub(super) fn to_fts5(&self, rooms: Option<&[RoomKey]>, sender: Option<UserKey>) -> String {
        let wanted: Vec<String> = self.wanted.iter().map(Term::to_fts5).collect();
        let mut text = format!("({{text files}} : ({}))", wanted.join(" AND "));
        if let Some(rooms) = rooms {
            let rooms: Vec<String> = rooms.iter().map(|room| room_word(*room)).collect();
            text.push_str(&format!(" AND (place : ({}))", rooms.join(" OR ")));
        }
        if let Some(sender) = sender {
            text.push_str(&format!(" AND (place : {})", sender_word(sender)));
        }
        for word in &self.unwanted {
            text = format!("({text}) NOT ({{text files}} : {})", word.to_fts5());
        }
        text
    }

    /// What counts once more for PostgreSQL, which takes a word and its
    /// beginning for the same: the words that are there as wholes.
    pub(super) fn to_whole_tsquery(&self) -> String {
        let wanted = self.wanted.iter().map(|term| format!("({})", term.phrase()));
        wanted.collect::<Vec<_>>().join(" | ")
    }

    /// The words as PostgreSQL understands them.
    pub(super) fn to_tsquery(&self) -> String {
        let wanted = self.wanted.iter().map(Term::to_tsquery);
        let unwanted = self.unwanted.iter().map(|term| format!("!{}", term.to_tsquery()));
        wanted.chain(unwanted).collect::<Vec<_>>().join(" & ")
    }
}

pub(super) fn room_word(room: RoomKey) -> String {
    format!("room{}", room.0)
}

pub(super) fn sender_word(sender: UserKey) -> String {
    format!("sender{}", sender.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fts5(text: &str) -> String {
        let query = SearchQuery::parse(text).expect(text);
        query.to_fts5(Some(&[RoomKey(1)]), None)
    }

    fn tsquery(text: &str) -> String {
        SearchQuery::parse(text).expect(text).to_tsquery()
    }

    #[test]
    fn words_phrases_beginnings_and_exclusions_are_understood() {
        let of = |wanted: &str| format!("({{text files}} : ({wanted})) AND (place : (room1))");
        assert_eq!(fts5("Two Wörds"), of(r#""two" AND ("words" OR "words" *)"#));
        assert_eq!(fts5("words two* a"), of(r#""words" AND ("two" OR "two" *) AND "a""#));
        assert_eq!(fts5("\"a phrase\""), of(r#""a phrase""#));
        assert_eq!(fts5("don't \"open end"), of(r#""don t" AND "open end""#));
        let not = r#"NOT ({text files} : "no")"#;
        assert_eq!(fts5("yes -no"), format!("({}) {not}", of(r#""yes""#)));
        assert_eq!(fts5("-no yes"), format!("({}) {not}", of(r#"("yes" OR "yes" *)"#)));
    }

    #[test]
    fn scripts_without_spaces_are_looked_for_pair_by_pair() {
        assert_eq!(tsquery("上海"), "('上海')");
        assert_eq!(tsquery("人工智"), "('人工' <-> '工智')");
        assert_eq!(tsquery("海"), "(('海') | ('海':*))");
        assert_eq!(tsquery("海 회의"), "(('海') | ('海':*)) & ('회의')");
        assert_eq!(tsquery("版本1.2"), "('版本' <-> '本' <-> '1' <-> '2')");
        assert_eq!(tsquery("1.2版本"), "('1' <-> '2' <-> '版本')");
    }

    #[test]
    fn postgresql_is_asked_for_the_same() {
        assert_eq!(tsquery("Two Wörds"), "('two') & (('words') | ('words':*))");
        assert_eq!(tsquery("\"a phrase\" don't"), "('a' <-> 'phrase') & ('don' <-> 't')");
        let whole = |text| SearchQuery::parse(text).expect(text).to_whole_tsquery();
        assert_eq!(whole("beg* 1.2 -no"), "('beg') | ('1' <-> '2')");
        assert_eq!(tsquery("beg* -no"), "(('beg') | ('beg':*)) & !('no')");
    }

    #[test]
    fn what_was_found_is_looked_at_once_more() {
        let matches = |query: &str, content: &str| {
            let files = r#"[{"name":"Bericht_2026.pdf"}]"#;
            SearchQuery::parse(query).expect(query).matches(content, Some(files))
        };
        assert!(matches("open bericht", "an open word"));
        assert!(matches("\"open word\" ber", "an open word"));
        assert!(!matches("secret", "an open word"));
        assert!(!matches("open -2026", "an open word"));
        assert!(!matches("\"word open\"", "an open word"));
    }

    #[test]
    fn what_means_something_to_a_database_is_only_text() {
        for text in ["a AND b", "NEAR(a b)", "text : x", "a^b", "{a}", "x\"y", "(", "a OR", "a\0b"]
        {
            let Ok(query) = SearchQuery::parse(text) else { continue };
            for word in query.wanted.iter().flat_map(|term| &term.words) {
                assert!(word.chars().all(char::is_alphanumeric), "{text}: {word}");
            }
        }
        assert_eq!(fts5("a\0b"), fts5("\"a b\""));
        for empty in ["", "  ", "-", "*", "\"\"", "-x", "!?"] {
            assert!(SearchQuery::parse(empty).is_err(), "{empty}");
        }
        assert!(SearchQuery::parse(&"x ".repeat(SEARCH_TERMS + 1)).is_err());
        assert!(SearchQuery::parse(&"x".repeat(SEARCH_BYTES + 1)).is_err());
    }
}
