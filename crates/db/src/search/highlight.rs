//! Where in a text the words are that were looked for.

use super::term::Term;
use crate::words::{Kind, Word, words};

/// Ranges of characters, in order; those that overlap are one.
pub(super) fn ranges(terms: &[Term], text: &str) -> Vec<(usize, usize)> {
    let words = words(text);
    let mut found: Vec<(usize, usize)> =
        terms.iter().flat_map(|term| places(term, &words)).collect();
    found.sort_unstable();
    let mut ranges: Vec<(usize, usize)> = Vec::with_capacity(found.len());
    for (start, end) in found {
        match ranges.last_mut() {
            Some(last) if start < last.1 => last.1 = last.1.max(end),
            _ => ranges.push((start, end)),
        }
    }
    ranges
}

/// Whether a term is among these words.
pub(super) fn is_in(term: &Term, words: &[Word]) -> bool {
    places(term, words).next().is_some()
}

fn places<'a>(term: &'a Term, words: &'a [Word]) -> impl Iterator<Item = (usize, usize)> + 'a {
    let windows = words.windows(term.words.len().max(1));
    windows.filter_map(move |window| Some((window.first()?.start, end_of(term, window)?)))
}

/// Where a term ends that begins with these words; `None` if they are others.
fn end_of(term: &Term, window: &[Word]) -> Option<usize> {
    let (last, before) = term.words.split_last()?;
    let (shown, others) = window.split_last()?;
    if before.iter().zip(others).any(|(wanted, word)| *wanted != word.text) {
        return None;
    }
    match shown {
        _ if shown.text == *last => Some(shown.end),
        _ if !term.is_beginning || !shown.text.starts_with(last.as_str()) => None,
        // Of a pair, one character was looked for.
        Word { kind: Kind::Pair, .. } => Some(shown.first_end),
        _ => Some(shown.end),
    }
}

#[cfg(test)]
mod tests {
    use super::super::SearchQuery;

    fn found(query: &str, text: &str) -> Vec<(usize, usize)> {
        SearchQuery::parse(query).expect(query).highlights(text)
    }

    #[test]
    fn words_are_shown_where_they_are_also_with_accents() {
        let text = "Ein Café, viele Grüße! Grusskarte";
        assert_eq!(found("cafe gruss*", text), [(4, 8), (23, 33)]);
        assert_eq!(found("\"viele grüße\" -karte", text), [(10, 21)]);
        assert_eq!(found("Cafe\u{301} x", text), [(4, 8)]);
        assert!(found("afé x", text).is_empty());
        // The last word is perhaps not at its end.
        assert_eq!(found("ein grus", text), [(0, 3), (23, 33)]);
    }

    #[test]
    fn within_scripts_without_spaces_it_is_what_was_looked_for() {
        assert_eq!(found("上海", "我家在上海东边。"), [(3, 5)]);
        assert_eq!(found("海", "🙂上海"), [(2, 3)]);
        assert_eq!(found("海", "上海东"), [(1, 2)]);
        assert_eq!(found("권리 회의", "회의는 내일 회의"), [(0, 2), (7, 9)]);
        assert_eq!(found("本1.2.3", "版本1.2.3发布"), [(1, 7)]);
        assert_eq!(found("พรุ่งนี้", "ประชุมวันพรุ่งนี้"), [(9, 17)]);
        assert_eq!(found("哈哈", "哈哈哈"), [(0, 3)]);
    }
}
