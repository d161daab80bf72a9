//! One normal form for all encodings of an emoji (UTS #51, section 2 and annex
//! A), so that equal-looking reactions are counted together.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
use unicode_properties::{EmojiStatus, GeneralCategoryGroup, UnicodeEmoji, UnicodeGeneralCategory};

/// Asks for the look of a text, and of a picture.
const TEXT_STYLE: char = '\u{fe0e}';
const PICTURE_STYLE: char = '\u{fe0f}';
/// Joins emojis into one: families, professions.
const JOINER: char = '\u{200d}';
/// Makes a key of the digit before it.
const KEYCAP: char = '\u{20e3}';
/// Whose flag a black flag is: England's, Scotland's, Wales's.
const TAGS: std::ops::RangeInclusive<char> = '\u{e0020}'..='\u{e007f}';
const TAGGED: char = '\u{1f3f4}';
const SKIN_TONES: std::ops::RangeInclusive<char> = '\u{1f3fb}'..='\u{1f3ff}';
/// Letters and symbols that show nothing: the fillers of Hangul, inherent
/// vowels of Khmer, and the pattern of Braille without a dot.
const BLANK: [char; 7] =
    ['\u{115f}', '\u{1160}', '\u{17b4}', '\u{17b5}', '\u{3164}', '\u{ffa0}', '\u{2800}'];

/// What a reaction is stored and compared as: composed (NFC), each emoji in
/// its fully qualified form. `None` for what cannot be seen, or has something
/// in it that cannot: it would pass for another.
pub fn canonical_emoji(text: &str) -> Option<String> {
    let is_style = |c: &char| matches!(*c, TEXT_STYLE | PICTURE_STYLE);
    let chars: Vec<char> = text.nfc().filter(|c| !is_style(c)).collect();
    let mut emoji = String::with_capacity(text.len());
    for (at, c) in chars.iter().copied().enumerate() {
        let before = at.checked_sub(1).and_then(|at| chars.get(at)).copied();
        let next = chars.get(at + 1).copied();
        if !is_fit(c, before, next) {
            return None;
        }
        emoji.push(c);
        if needs_style(c, next) {
            emoji.push(PICTURE_STYLE);
        }
    }
    let is_base = |c: char| !is_combining_mark(c) && c != JOINER && !TAGS.contains(&c);
    emoji.contains(is_base).then_some(emoji)
}

/// Whether a character is seen, or changes how its neighbour is.
fn is_fit(c: char, before: Option<char>, next: Option<char>) -> bool {
    if c == JOINER {
        let joins = |other: Option<char>| other.is_some_and(UnicodeEmoji::is_emoji_char);
        return joins(before) && joins(next);
    }
    if TAGS.contains(&c) {
        return before.is_some_and(|before| before == TAGGED || TAGS.contains(&before));
    }
    let is_selector = matches!(c, '\u{34f}' | '\u{180b}'..='\u{180f}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{e0100}'..='\u{e01ef}');
    let shows = match c.general_category_group() {
        // What is not assigned yet may be an emoji of next year.
        GeneralCategoryGroup::Other => !c.is_control() && !is_format(c),
        GeneralCategoryGroup::Separator => false,
        GeneralCategoryGroup::Letter
        | GeneralCategoryGroup::Mark
        | GeneralCategoryGroup::Number
        | GeneralCategoryGroup::Punctuation
        | GeneralCategoryGroup::Symbol => true,
    };
    shows && !is_selector && !BLANK.contains(&c)
}

fn is_format(c: char) -> bool {
    c.general_category() == unicode_properties::GeneralCategory::Format
}

/// Whether an emoji is shown as text unless it is said otherwise.
fn needs_style(c: char, next: Option<char>) -> bool {
    let is_text = matches!(
        c.emoji_status(),
        EmojiStatus::EmojiOther
            | EmojiStatus::EmojiModifierBase
            | EmojiStatus::EmojiOtherAndEmojiComponent
    );
    let is_toned = next.is_some_and(|next| SKIN_TONES.contains(&next));
    // A digit is one, unless it is on a key.
    let is_plain = c.is_ascii() && next != Some(KEYCAP);
    is_text && !is_toned && !is_plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ways_to_write_an_emoji_are_one() {
        for (one, other) in [
            ("\u{2764}", "\u{2764}\u{fe0f}"),
            ("\u{2764}\u{fe0e}", "\u{2764}\u{fe0f}"),
            ("👍\u{fe0f}", "👍"),
            ("1\u{20e3}", "1\u{fe0f}\u{20e3}"),
            ("\u{270c}\u{fe0f}\u{1f3fd}", "\u{270c}\u{1f3fd}"),
            ("\u{1f441}\u{200d}\u{1f5e8}", "\u{1f441}\u{fe0f}\u{200d}\u{1f5e8}\u{fe0f}"),
            ("\u{1f9d1}\u{200d}\u{2695}", "\u{1f9d1}\u{200d}\u{2695}\u{fe0f}"),
            ("cafe\u{301}", "caf\u{e9}"),
        ] {
            assert_eq!(canonical_emoji(one).as_deref(), Some(other), "{one:?}");
            assert_eq!(canonical_emoji(other).as_deref(), Some(other), "{other:?} is it already");
        }
    }

    #[test]
    fn what_is_one_already_stays_as_it_is() {
        let england = "\u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}";
        for emoji in ["🎉", "👩‍👩‍👧‍👦", "👋🏽", "🇩🇪", "🏳️‍🌈", "+1", "42", "lol", "ok!", "日本", england]
        {
            assert_eq!(canonical_emoji(emoji).as_deref(), Some(emoji));
        }
    }

    #[test]
    fn what_cannot_be_seen_is_none_and_hides_in_none() {
        for blank in [
            "",
            " ",
            "\u{200b}",
            "\u{200d}",
            "\u{fe0f}",
            "\u{2060}",
            "\u{202e}",
            "\u{3164}",
            "\u{2800}",
            "\u{301}",
            "\u{ad}",
            "\u{feff}",
            "\u{e0067}",
            "\n",
            "\u{a0}",
            "\u{34f}",
        ] {
            assert_eq!(canonical_emoji(blank), None, "{blank:?}");
        }
        for hidden in
            ["👍\u{200b}", "👍\u{200d}", "a\u{200d}b", "\u{202e}ok", "👍\u{e0067}", "a\u{fe01}"]
        {
            assert_eq!(canonical_emoji(hidden), None, "{hidden:?}");
        }
    }
}
