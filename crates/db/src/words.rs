//! The words of a text, found once for both databases: what is handed to
//! their indexes has nothing left to tell apart.
//!
//! Case, accents and forms of width make no difference. Scripts that put no
//! spaces between words, and Korean, which hangs its endings on them, are cut
//! into pairs of neighbouring characters: a text in which they follow each
//! other has what was looked for, at any place in it. So do the analyzers of
//! most search engines for these scripts (Lucene's CJKAnalyzer). A dictionary
//! would find fewer and better words, and none that it does not know: names,
//! and whatever people come to write in a chat; and would be some megabytes of
//! the binary for each language.

use parlor_domain::{is_accent, is_unspaced};
use unicode_normalization::{
    UnicodeNormalization,
    char::{canonical_combining_class, is_combining_mark},
};

/// Changes with any of the rules here: an index of another version is made
/// anew.
pub(crate) const VERSION: i64 = 2;

/// Characters of a word that count; a longer one is found by its beginning.
const WORD_CHARS: usize = 64;

/// A word of a text, and where it is: places of characters (code points).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    pub text: String,
    pub start: usize,
    /// The one after the last.
    pub end: usize,
    /// The end of its first character.
    pub first_end: usize,
    pub kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Between spaces or signs.
    Whole,
    /// Two neighbouring characters of a script without spaces.
    Pair,
    /// The last character of such a run.
    Last,
}

/// A character without what makes no difference, and where it comes from.
struct Folded {
    c: char,
    start: usize,
    end: usize,
}

/// The words of a text, one behind the other.
pub(crate) fn words(text: &str) -> Vec<Word> {
    let folded = fold(text);
    let mut words = Vec::new();
    let mut rest = &folded[..];
    while let Some(first) = rest.first() {
        let is_of_run: fn(char) -> bool = match first.c {
            c if is_unspaced(c) => is_unspaced,
            c if c.is_alphanumeric() => is_spaced,
            _ => {
                rest = &rest[1..];
                continue;
            }
        };
        let end = rest.iter().position(|one| !is_of_run(one.c)).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        if is_unspaced(first.c) {
            pairs(run, &mut words)
        } else {
            words.push(whole(run))
        }
        rest = after;
    }
    words
}

/// The words of a name, each once.
pub(crate) fn words_of_name(text: &str) -> Vec<String> {
    let mut seen = rustc_hash::FxHashSet::default();
    let texts = words(text).into_iter().map(|word| word.text);
    texts.filter(|word| seen.insert(word.clone())).collect()
}

/// A letter, a digit, or a mark on one.
fn is_spaced(c: char) -> bool {
    (c.is_alphanumeric() || is_combining_mark(c)) && !is_unspaced(c)
}

fn whole(run: &[Folded]) -> Word {
    Word {
        text: run.iter().take(WORD_CHARS).map(|one| one.c).collect(),
        start: run[0].start,
        end: run[run.len() - 1].end,
        first_end: run[0].end,
        kind: Kind::Whole,
    }
}

/// Every character with the next one, and the last alone: so each of them
/// begins a word.
fn pairs(run: &[Folded], words: &mut Vec<Word>) {
    for (at, one) in run.iter().enumerate() {
        let next = run.get(at + 1);
        words.push(Word {
            text: std::iter::once(one).chain(next).map(|one| one.c).collect(),
            start: one.start,
            end: next.map_or(one.end, |next| next.end),
            first_end: one.end,
            kind: if next.is_some() { Kind::Pair } else { Kind::Last },
        });
    }
}

/// The characters by which words are compared. What one character of the text
/// and the marks on it become has their place.
fn fold(text: &str) -> Vec<Folded> {
    let mut folded = Vec::with_capacity(text.len());
    let mut cluster = String::new();
    let (mut start, mut end) = (0, 0);
    for (at, c) in text.chars().enumerate() {
        if is_invisible(c) {
            continue;
        }
        if !cluster.is_empty() && !goes_on(c) {
            fold_cluster(&cluster, start, end, &mut folded);
            cluster.clear();
        }
        if cluster.is_empty() {
            start = at;
        }
        cluster.push(c);
        end = at + 1;
    }
    fold_cluster(&cluster, start, end, &mut folded);
    folded
}

/// NFKC, but for the marks that make no difference.
fn fold_cluster(cluster: &str, start: usize, end: usize, folded: &mut Vec<Folded>) {
    if let [byte] = cluster.as_bytes() {
        return folded.push(Folded { c: char::from(byte.to_ascii_lowercase()), start, end });
    }
    let plain = cluster.nfkd().flat_map(char::to_lowercase).filter(|c| !is_accent(*c));
    // Sigma has another form at the end of a word.
    let plain = plain.map(|c| if c == 'ς' { 'σ' } else { c });
    folded.extend(plain.nfc().map(|c| Folded { c, start, end }));
}

/// Whether a character belongs to the one before: marks, the vowels and ends
/// of Korean syllables in their parts, and Japanese voice marks of half width.
fn goes_on(c: char) -> bool {
    is_combining_mark(c)
        || canonical_combining_class(c) != 0
        || matches!(c, '\u{1160}'..='\u{11ff}' | '\u{ff9e}' | '\u{ff9f}')
}

/// Neither seen nor between words: joiners, soft hyphens, marks of direction.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200c}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        words(text).into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn case_accents_and_forms_make_no_difference() {
        assert_eq!(texts("Ein CAFÉ, naïve Grüße!"), ["ein", "cafe", "naive", "gruße"]);
        assert_eq!(texts("Cafe\u{301}"), texts("Café"));
        assert_eq!(texts("ＡＢＣ１２ ﬁn"), ["abc12", "fin"]);
        assert_eq!(texts("ΟΔΟΣ οδος"), ["οδοσ", "οδοσ"]);
        assert_eq!(texts("İSTANBUL"), ["istanbul"]);
        assert_eq!(texts("don't a_b 1.2.3"), ["don", "t", "a", "b", "1", "2", "3"]);
        assert_eq!(texts("co\u{ad}operate می\u{200c}خواهم"), ["cooperate", "میخواهم"]);
        assert_eq!(texts("كَتَبَ"), ["كتب"]);
        // The vowels are marks, and the word is not without them.
        assert_eq!(texts("किताब"), ["किताब"]);
        assert!(texts("🙂 \u{301}\u{fe0f} !?").is_empty());
    }

    #[test]
    fn scripts_without_spaces_are_cut_into_pairs() {
        assert_eq!(texts("上海东"), ["上海", "海东", "东"]);
        assert_eq!(texts("会"), ["会"]);
        assert_eq!(texts("版本1.2.3发布"), ["版本", "本", "1", "2", "3", "发布", "布"]);
        assert_eq!(texts("회의는 내일"), ["회의", "의는", "는", "내일", "일"]);
        assert_eq!(texts("テスト"), texts("ﾃｽﾄ"));
        assert_eq!(texts("ガ"), texts("ｶﾞ"));
        assert_ne!(texts("ガ"), texts("カ"));
        assert_eq!(texts("が"), texts("か\u{3099}"));
        // Korean syllables in their parts, as macOS names files.
        assert_eq!(texts("한글"), texts("\u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af}"));
        assert_eq!(texts("พรุ่ง").len(), 5);
    }

    #[test]
    fn places_are_those_of_the_text_as_it_was_written() {
        let places = |text| -> Vec<(usize, usize, usize)> {
            words(text).iter().map(|word| (word.start, word.end, word.first_end)).collect()
        };
        assert_eq!(places("é Cafe\u{301}s"), [(0, 1, 1), (2, 8, 3)]);
        assert_eq!(places("x上海"), [(0, 1, 1), (1, 3, 2), (2, 3, 3)]);
        // One character becomes two letters, and has one place.
        assert_eq!(places("ﬁn"), [(0, 2, 1)]);
        assert_eq!(places("🙂ok"), [(1, 3, 2)]);
    }

    #[test]
    fn a_word_without_end_is_cut_and_words_are_letters_and_digits_only() {
        assert_eq!(texts(&"x".repeat(1_000))[0].len(), WORD_CHARS);
        for odd in ["'; DROP", "a\\b", "\"q\"", "a\0b", "x:y*z"] {
            let plain = |word: &String| word.chars().all(char::is_alphanumeric);
            assert!(texts(odd).iter().all(plain), "{odd:?}");
        }
    }
}
