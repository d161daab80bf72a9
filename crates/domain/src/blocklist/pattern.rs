//! Patterns: regular expressions that read each byte of a text once, whatever they are.
//!
//! The syntax is that of the regex crate, and each becomes an automaton without any choice
//! (a DFA) before it is ever used; what would become too large an automaton is refused. So
//! there is no text that a pattern takes long with, which no engine that follows choices can
//! say. Such an automaton cannot look at what is around a place, which `\b` needs to know of
//! letters of all scripts. It reads a text in which the bounds of words are marked instead.

use std::{fmt, ops::Range};

use regex_automata::{
    Input, MatchKind,
    dfa::{
        Automaton as _, StartKind,
        dense::{self, DFA},
        regex::{self, Regex},
    },
    nfa::thompson,
};
use regex_syntax::{
    Error, ParserBuilder,
    hir::{Class, ClassUnicode, ClassUnicodeRange, Hir, HirKind, Look, Repetition},
};
use unicode_normalization::char::is_combining_mark;

use super::fold::fold;
use crate::limits::{BLOCKED_PATTERN_BYTES, BLOCKED_PLACES};

type Dense = DFA<Vec<u32>>;

/// Stands at the bounds of words. No text has it: it is refused in requests.
const BOUND: char = '\0';

/// How deep groups may be within each other.
const NESTED: u32 = 20;

/// Why a text is no pattern; continues a sentence that begins with where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidPattern {
    /// Which character is the first that is wrong, from 1.
    pub at: Option<usize>,
    pub what: String,
}

impl InvalidPattern {
    fn whole(what: &str) -> Self {
        Self { at: None, what: what.to_owned() }
    }
}

impl fmt::Display for InvalidPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            Some(at) => write!(f, "is wrong at character {at}: {}", self.what),
            None => f.write_str(&self.what),
        }
    }
}

impl From<Error> for InvalidPattern {
    fn from(error: Error) -> Self {
        let (at, what) = match &error {
            Error::Parse(error) => (error.span().start.column, error.kind().to_string()),
            Error::Translate(error) => (error.span().start.column, error.kind().to_string()),
            _ => return Self::whole("is no regular expression"),
        };
        Self { at: Some(at), what }
    }
}

/// One that is ready to be looked for in folded texts.
#[derive(Debug)]
pub(super) struct Pattern {
    automaton: Automaton,
    /// It reads texts with marked bounds.
    pub looks_at_bounds: bool,
}

#[derive(Debug)]
enum Automaton {
    /// Says whether it is there.
    Is(Box<Dense>),
    /// Says where.
    Where(Box<Regex<Dense>>),
}

impl Pattern {
    pub fn new(pattern: &str, says_where: bool) -> Result<Self, InvalidPattern> {
        let mut parser = ParserBuilder::new();
        let hir = parser.nest_limit(NESTED).case_insensitive(true).build().parse(pattern)?;
        if !says_something(&hir) {
            return Err(InvalidPattern::whole(SAYS_NOTHING));
        }
        let looks_at_bounds = hir.properties().look_set().contains_word();
        let hir = prepared(hir, looks_at_bounds)?;
        let forward = dense(&hir, false)?;
        let automaton = match says_where {
            false => Automaton::Is(Box::new(forward)),
            true => {
                let reverse = dense(&hir, true)?;
                let regex = regex::Builder::new().build_from_dfas(forward, reverse);
                Automaton::Where(Box::new(regex))
            }
        };
        Ok(Self { automaton, looks_at_bounds })
    }

    /// Whether it is in a text: one with marked bounds, where it looks at them.
    pub fn is_in(&self, text: &str) -> bool {
        let forward = match &self.automaton {
            Automaton::Is(forward) => forward,
            Automaton::Where(regex) => regex.forward(),
        };
        let found = forward.try_search_fwd(&Input::new(text).earliest(true));
        // It does not give up: it may not look at what it could not know.
        found.is_ok_and(|found| found.is_some())
    }

    /// Where it is in a text. Beyond [`BLOCKED_PLACES`] all that follows is one place.
    pub fn places(&self, text: &str) -> Vec<Range<usize>> {
        let Automaton::Where(regex) = &self.automaton else { return Vec::new() };
        let mut places: Vec<Range<usize>> =
            regex.find_iter(text).take(BLOCKED_PLACES).map(|found| found.range()).collect();
        if let Some(last) = places.get_mut(BLOCKED_PLACES - 1) {
            last.end = text.len();
        }
        places
    }

    pub fn bytes(&self) -> usize {
        match &self.automaton {
            Automaton::Is(forward) => forward.memory_usage(),
            Automaton::Where(regex) => {
                regex.forward().memory_usage() + regex.reverse().memory_usage()
            }
        }
    }
}

/// Letters of all scripts are many; a range of them takes little.
const TOO_LARGE: &str =
    r"is too complicated; [a-z] takes less memory than \w, and a+ less than a{1,50}";

/// The automaton that finds the end of what it looks for, or from there its beginning.
fn dense(hir: &Hir, is_reverse: bool) -> Result<Dense, InvalidPattern> {
    let too_large = || InvalidPattern::whole(TOO_LARGE);
    let limit = Some(BLOCKED_PATTERN_BYTES);
    let config = thompson::Config::new()
        .nfa_size_limit(limit)
        .reverse(is_reverse)
        .which_captures(thompson::WhichCaptures::None);
    let nfa = thompson::Compiler::new().configure(config).build_from_hir(hir);
    let nfa = nfa.map_err(|_| too_large())?;
    let (starts, matches) = match is_reverse {
        false => (StartKind::Unanchored, MatchKind::LeftmostFirst),
        true => (StartKind::Anchored, MatchKind::All),
    };
    let config = dense::Config::new()
        .start_kind(starts)
        .match_kind(matches)
        .dfa_size_limit(limit)
        .determinize_size_limit(limit);
    let dense = dense::Builder::new().configure(config).build_from_nfa(&nfa);
    dense.map_err(|_| too_large())
}

/// As it is looked for in a folded text: its letters are folded, too. If it looks at bounds,
/// one may stand before each character.
fn prepared(hir: Hir, bounds: bool) -> Result<Hir, InvalidPattern> {
    let all = |subs: Vec<Hir>| -> Result<Vec<Hir>, InvalidPattern> {
        subs.into_iter().map(|sub| prepared(sub, bounds)).collect()
    };
    Ok(match hir.into_kind() {
        HirKind::Empty => Hir::empty(),
        HirKind::Literal(literal) => {
            let text = str::from_utf8(&literal.0);
            let text = text.map_err(|_| InvalidPattern::whole(NO_BYTES))?;
            literal_of(&fold(text).text, bounds)
        }
        HirKind::Class(class) => class_of(class, bounds)?,
        HirKind::Look(look) => look_of(look, bounds)?,
        HirKind::Repetition(repetition) => {
            let sub = prepared(*repetition.sub.clone(), bounds)?;
            Hir::repetition(repetition.with(sub))
        }
        HirKind::Capture(capture) => prepared(*capture.sub, bounds)?,
        HirKind::Concat(subs) => Hir::concat(all(subs)?),
        HirKind::Alternation(subs) => Hir::alternation(all(subs)?),
    })
}

/// Whether something is left of all that it may match when it is folded: nothing is of
/// accents alone and of what cannot be seen, and every text has that.
fn says_something(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => false,
        HirKind::Literal(literal) => {
            !str::from_utf8(&literal.0).is_ok_and(|text| fold(text).text.is_empty())
        }
        HirKind::Class(Class::Unicode(class)) => {
            let of = |c: char| !fold(c.encode_utf8(&mut [0; 4])).text.is_empty();
            let size = class.iter().map(ClassUnicodeRange::len).sum::<usize>();
            size > FOLDED_CLASS
                || class.iter().flat_map(|range| range.start()..=range.end()).any(of)
        }
        HirKind::Class(Class::Bytes(_)) => true,
        HirKind::Repetition(repetition) => repetition.min > 0 && says_something(&repetition.sub),
        HirKind::Capture(capture) => says_something(&capture.sub),
        HirKind::Concat(subs) => subs.iter().any(says_something),
        HirKind::Alternation(subs) => subs.iter().all(says_something),
    }
}

const SAYS_NOTHING: &str =
    "must not match a text in which there is nothing, or only what cannot be seen";

/// Of a class of at most so many characters each is folded; larger ones, as what is not in a
/// class, are looked for as they are.
const FOLDED_CLASS: usize = 64;

const NO_BYTES: &str = "must be of characters, not of bytes";

fn literal_of(text: &str, bounds: bool) -> Hir {
    if !bounds {
        return Hir::literal(text.as_bytes());
    }
    let one = |c: char| behind_bound(Hir::literal(c.to_string().into_bytes()));
    Hir::concat(text.chars().map(one).collect())
}

fn class_of(class: Class, bounds: bool) -> Result<Hir, InvalidPattern> {
    let class = match class {
        Class::Unicode(class) => Some(class),
        Class::Bytes(class) => class.to_unicode_class(),
    };
    let mut class = class.ok_or_else(|| InvalidPattern::whole(NO_BYTES))?;
    if class.iter().map(ClassUnicodeRange::len).sum::<usize>() <= FOLDED_CLASS {
        let all = class.iter().flat_map(|range| range.start()..=range.end());
        let folded: Vec<String> = all.map(|c| fold(c.encode_utf8(&mut [0; 4])).text).collect();
        // As a letter is, which has a capital.
        if let Some(first) = folded.first().filter(|first| folded.iter().all(|one| one == *first)) {
            return Ok(literal_of(first, bounds));
        }
        let single = folded.iter().filter_map(|text| {
            let mut chars = text.chars();
            chars.next().filter(|_| chars.next().is_none())
        });
        class.union(&ClassUnicode::new(single.map(|c| ClassUnicodeRange::new(c, c))));
    }
    class.difference(&ClassUnicode::new([ClassUnicodeRange::new(BOUND, BOUND)]));
    let class = Hir::class(Class::Unicode(class));
    Ok(if bounds { behind_bound(class) } else { class })
}

fn look_of(look: Look, bounds: bool) -> Result<Hir, InvalidPattern> {
    match look {
        Look::Start | Look::StartLF | Look::StartCRLF => Ok(Hir::look(look)),
        Look::End | Look::EndLF | Look::EndCRLF if !bounds => Ok(Hir::look(look)),
        Look::End | Look::EndLF | Look::EndCRLF => Ok(behind_bound(Hir::look(look))),
        Look::WordAscii | Look::WordUnicode => Ok(bound()),
        _ => Err(InvalidPattern::whole(r"may look at the bounds of words with \b alone")),
    }
}

fn bound() -> Hir {
    Hir::literal(BOUND.to_string().into_bytes())
}

fn behind_bound(hir: Hir) -> Hir {
    let once = Repetition { min: 0, max: Some(1), greedy: true, sub: Box::new(bound()) };
    Hir::concat(vec![Hir::repetition(once), hir])
}

/// A text with its bounds of words marked.
pub(super) fn with_bounds(text: &str) -> String {
    let mut marked = String::with_capacity(2 * text.len());
    let mut was_of_word = false;
    for c in text.chars() {
        let is_of_word = c.is_alphanumeric() || c == '_' || is_combining_mark(c);
        if is_of_word != was_of_word {
            marked.push(BOUND);
        }
        marked.push(c);
        was_of_word = is_of_word;
    }
    if was_of_word {
        marked.push(BOUND);
    }
    marked
}

/// A place in a text with marked bounds, in the one without them.
pub(super) fn without_bounds(marked: &str, place: Range<usize>) -> Range<usize> {
    let bounds = |upto: usize| marked.as_bytes()[..upto].iter().filter(|b| **b == 0).count();
    place.start - bounds(place.start)..place.end - bounds(place.end)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn is_in(pattern: &str, text: &str) -> bool {
        let pattern = Pattern::new(pattern, false).unwrap_or_else(|e| panic!("{pattern}: {e}"));
        let folded = fold(text).text;
        pattern.is_in(&if pattern.looks_at_bounds { with_bounds(&folded) } else { folded })
    }

    #[test]
    fn patterns_are_found_in_folded_texts() {
        assert!(is_in(r"fr[e3]{2,} m[o0]ney", "Get FRE3ee Möney now"));
        assert!(is_in(r"Größe", "die GROSSE"));
        assert!(is_in(r"[ÄÖ]x", "äx") && is_in("[^a-z]", "a1") && !is_in("[^a-z]", "ab"));
        assert!(is_in(r"[A-Z]{3}\d", "abc1") && !is_in(r"[A-Z]{3}\d", "ab1"));
        assert!(is_in(r"^\w+$", "wörter") && !is_in(r"^\w+$", "zwei wörter"));
        assert!(is_in(r"(?m)^b", "a\nb") && !is_in(r"^b", "a\nb"));
        assert!(is_in(r"\p{Cyrillic}{4}", "плохо") && !is_in(r"\p{Cyrillic}{4}", "bad плo"));
    }

    #[test]
    fn bounds_of_words_are_those_of_all_scripts() {
        for (pattern, text, is) in [
            (r"\bbad\b", "so bad!", true),
            (r"\bbad\b", "bad", true),
            (r"\bbad\b", "badly", false),
            (r"\bbad\b", "abad", false),
            (r"\bбад\b", "а бад.", true),
            (r"\bбад\b", "абад", false),
            (r"\bb\w+ \w+d\b", "a big deed", true),
            (r"^\bbad\b$", "bad", true),
            (r"bad$", "so bad", true),
            (r"\b[^x]ad\b", "bad", true),
            (r"a\b.\bb", "a b", true),
            (r"a\b.\bb", "axb", false),
            (r"\b(bad|evil) *egg\b", "an evil egg", true),
        ] {
            assert_eq!(is_in(pattern, text), is, "{pattern} in {text}");
        }
        let marked = with_bounds("so bad!");
        assert_eq!(marked, "\0so\0 \0bad\0!");
        let pattern = Pattern::new(r"\bbad\b", true).expect("a pattern");
        let places = pattern.places(&marked);
        let place = places.into_iter().map(|place| without_bounds(&marked, place)).next();
        assert_eq!(place, Some(3..6));
    }

    #[test]
    fn what_is_no_pattern_is_refused_with_where_and_why() {
        for (pattern, at, what) in [
            ("a(b", Some(2), "unclosed group"),
            ("ab{2,1}", Some(3), "range"),
            (r"a\1", Some(2), "backreferences"),
            (r"a(?=b)", Some(2), "look-around"),
            (r"\p{Nowhere}", Some(1), "property"),
            ("a*", None, "nothing"),
            (r"[\u{200b}\u{200c}\u{200d}]", None, "cannot be seen"),
            (r"bad|\u{200b}", None, "cannot be seen"),
            (r"\b\u{200b}", None, "cannot be seen"),
            (r"\u{301}+", None, "cannot be seen"),
            (r"\bfoo\B", None, r"\b alone"),
            (r"(a|b)*a(a|b){20}", None, "too complicated"),
            (r"\w{500}", None, "too complicated"),
            (r"(?-u:\xff)", Some(6), "UTF-8"),
        ] {
            let invalid = Pattern::new(pattern, true).expect_err(pattern);
            assert_eq!(invalid.at, at, "{pattern}: {invalid}");
            assert!(invalid.to_string().contains(what), "{pattern}: {invalid}");
        }
    }

    #[test]
    fn no_text_takes_a_pattern_long() {
        let text = "a".repeat(100_000);
        for pattern in [r"(a+)+b", r"(a|a)*c", r"(.*,){5}x", r"a.*b|c", r"([a-z]+)*\d"] {
            let built = Pattern::new(pattern, true).expect("a pattern");
            let begun = Instant::now();
            assert!(!built.is_in(&text) && built.places(&text).is_empty(), "{pattern}");
            assert!(begun.elapsed() < Duration::from_millis(500), "{pattern}");
        }
        // Finding all of these one after the other would read to the end for each.
        let begun = Instant::now();
        let built = Pattern::new(r"a.*[^a-z]|a", true).expect("a pattern");
        assert_eq!(built.places(&text).len(), BLOCKED_PLACES);
        assert!(begun.elapsed() < Duration::from_secs(2));
    }
}
