//! What has to be known of scripts to find words in a text.

/// Marks without which a word is written as well: accents, points of Hebrew
/// and Arabic, variants of a character. Not the vowels of Indian scripts, nor
/// the voice marks of Japanese.
pub fn is_accent(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{487}'
        | '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}' | '\u{5c2}' | '\u{5c4}' | '\u{5c5}'
        | '\u{610}'..='\u{61a}' | '\u{640}' | '\u{64b}'..='\u{65f}' | '\u{670}'
        | '\u{6d6}'..='\u{6dc}' | '\u{6df}'..='\u{6e4}' | '\u{6e7}' | '\u{6e8}'
        | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{fe20}'..='\u{fe2f}' | '\u{e0100}'..='\u{e01ef}')
}

/// Scripts that are written without spaces between words (Unicode's line
/// breaking classes ID, CJ and SA, UAX #14), and Korean; letters only. In
/// order. (Scripts.txt of Unicode 16.)
const UNSPACED: &[(char, char)] = &[
    // Thai, Lao.
    ('\u{e01}', '\u{e3a}'),
    ('\u{e40}', '\u{e4e}'),
    ('\u{e81}', '\u{ebd}'),
    ('\u{ec0}', '\u{ece}'),
    ('\u{edc}', '\u{edf}'),
    // Burmese.
    ('\u{1000}', '\u{103f}'),
    ('\u{1050}', '\u{108f}'),
    ('\u{109a}', '\u{109d}'),
    // Korean, in parts.
    ('\u{1100}', '\u{11ff}'),
    // Khmer.
    ('\u{1780}', '\u{17d3}'),
    ('\u{17d7}', '\u{17d7}'),
    ('\u{17dc}', '\u{17dd}'),
    // Tai Le, New Tai Lue, Tai Tham, Balinese.
    ('\u{1950}', '\u{1974}'),
    ('\u{1980}', '\u{19c9}'),
    ('\u{1a20}', '\u{1a7c}'),
    ('\u{1b00}', '\u{1b4c}'),
    // Chinese and Japanese.
    ('\u{2e80}', '\u{2fd5}'),
    ('\u{3005}', '\u{3007}'),
    ('\u{3021}', '\u{3029}'),
    ('\u{3031}', '\u{3035}'),
    ('\u{3038}', '\u{303c}'),
    ('\u{3041}', '\u{3096}'),
    ('\u{309d}', '\u{309f}'),
    ('\u{30a1}', '\u{30fa}'),
    ('\u{30fc}', '\u{30ff}'),
    ('\u{3105}', '\u{312f}'),
    ('\u{3131}', '\u{318e}'),
    ('\u{31a0}', '\u{31bf}'),
    ('\u{31f0}', '\u{31ff}'),
    ('\u{3400}', '\u{4dbf}'),
    ('\u{4e00}', '\u{9fff}'),
    // Yi.
    ('\u{a000}', '\u{a48c}'),
    ('\u{a960}', '\u{a97c}'),
    // Javanese; Burmese, Tai Viet, more of them.
    ('\u{a980}', '\u{a9c0}'),
    ('\u{a9e0}', '\u{a9ef}'),
    ('\u{a9fa}', '\u{a9fe}'),
    ('\u{aa60}', '\u{aac2}'),
    ('\u{aadb}', '\u{aadd}'),
    ('\u{ac00}', '\u{d7a3}'),
    ('\u{d7b0}', '\u{d7fb}'),
    ('\u{f900}', '\u{fad9}'),
    ('\u{16fe0}', '\u{18cff}'),
    ('\u{1aff0}', '\u{1b2fb}'),
    ('\u{20000}', '\u{323af}'),
];

/// Whether a character is of a script in which words are not set apart by spaces.
pub fn is_unspaced(c: char) -> bool {
    let at = UNSPACED.partition_point(|(_, last)| *last < c);
    UNSPACED.get(at).is_some_and(|(first, _)| *first <= c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_in_order() {
        assert!(UNSPACED.is_sorted() && UNSPACED.iter().all(|(first, last)| first <= last));
        assert!(['上', '한', 'か', 'ไ'].into_iter().all(is_unspaced));
        assert!(!['a', 'я', 'क', '1', ' '].into_iter().any(is_unspaced));
    }
}
