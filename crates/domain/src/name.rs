//! Display texts: display names, titles, file names. Invisible characters are
//! removed, so that two texts that look the same are the same, and none can
//! change the direction of the surrounding line.

use icu_properties::{CodePointSetData, props::DefaultIgnorableCodePoint};

/// Why a text cannot be shown; the message continues a sentence that begins
/// with the field's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotShown {
    #[error("must not contain control characters")]
    Control,
    #[error("must have at most {0} characters")]
    TooLong(usize),
}

/// Checks a text that a person has entered, and leaves out what cannot be
/// seen in it. It may be empty then.
pub fn display_text(text: &str, chars_max: usize) -> Result<String, NotShown> {
    if text.chars().any(char::is_control) {
        return Err(NotShown::Control);
    }
    let shown = visible(text);
    if shown.chars().count() > chars_max { Err(NotShown::TooLong(chars_max)) } else { Ok(shown) }
}

/// The same for one that a program has chosen, whose user could do nothing
/// about a refusal: it is cut. `None` if nothing of it can be seen.
pub fn display_name(text: &str, chars_max: usize) -> Option<String> {
    let cut: String = visible(text).chars().take(chars_max).collect();
    let cut = trimmed(&cut);
    (!cut.is_empty()).then(|| cut.to_owned())
}

/// What can be seen of a text: without control characters, blanks around it,
/// and what Unicode has no glyph for (its `Default_Ignorable_Code_Point`, to
/// which also belongs what changes the direction of writing).
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut before = None;
    for c in text.chars() {
        if !is_hidden(c) || before.is_some_and(|before| continues(before, c)) {
            shown.push(c);
            before = Some(c);
        }
    }
    trimmed(&shown).to_owned()
}

/// Whether anything of a text can be seen. Most texts are known by their first
/// character.
pub fn shows_something(text: &str) -> bool {
    text.chars().any(|c| c.is_ascii_graphic() || !is_blank(c) && !is_hidden(c))
}

pub(crate) fn is_hidden(c: char) -> bool {
    c.is_control()
        // Ends of lines and paragraphs, and marks of interlinear notes.
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{fff9}'..='\u{fffb}')
        || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

fn is_selector(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{180b}'..='\u{180d}' | '\u{180f}' | '\u{e0100}'..='\u{e01ef}')
}

fn is_tag(c: char) -> bool {
    matches!(c, '\u{e0020}'..='\u{e007f}')
}

/// Whether a character without a glyph of its own belongs to the one before
/// it: emoji and several scripts are written so (Unicode Technical Standard
/// 51; the Unicode Standard, 23.2 and 23.4). Never behind ASCII, where it
/// would only make two names differ that look the same.
fn continues(before: char, c: char) -> bool {
    if is_tag(c) {
        return before == '\u{1f3f4}' || is_tag(before);
    }
    let has_glyph = !before.is_ascii() && !is_blank(before) && !is_hidden(before);
    is_selector(c) && has_glyph || is_joiner(c) && (has_glyph || is_selector(before))
}

/// Also the braille pattern without dots.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || c == '\u{2800}'
}

fn trimmed(text: &str) -> &str {
    text.trim_start_matches(is_blank).trim_end_matches(|c| is_blank(c) || is_joiner(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_left_out() {
        for (text, shown) in [
            ("   ", ""),
            ("\u{200b}", ""),
            ("\u{3164}\u{115f}\u{2800}", ""),
            ("\u{202e}ecila", "ecila"),
            ("a\u{2067}b\u{2069}", "ab"),
            ("Bob\u{200b}", "Bob"),
            ("Bob\u{fe0f}\u{200d}", "Bob"),
            ("B\u{ad}o\u{2060}b", "Bob"),
            ("a\u{2028}b\u{7}", "ab"),
            ("\u{fe0f}\u{e0041}x", "x"),
            (" Ann  B ", "Ann  B"),
        ] {
            assert_eq!(visible(text), shown, "{}", text.escape_unicode());
        }
    }

    #[test]
    fn a_text_shows_something_or_is_blank_whatever_it_is_made_of() {
        for blank in ["", " ", "\n\t \u{3000}", "\u{200b}", "\u{2800}\u{3164}", "\u{fe0f}\u{200d}"]
        {
            assert!(!shows_something(blank), "{}", blank.escape_unicode());
        }
        for text in ["x", " \n.", "\u{200b}é", "🙂", "\u{301}", "\u{200f}שלום"] {
            assert!(shows_something(text), "{}", text.escape_unicode());
        }
    }

    #[test]
    fn what_emoji_and_scripts_are_written_with_stays() {
        for text in [
            "Zoë 🙂",
            "👩\u{200d}💻",
            "❤\u{fe0f}\u{200d}🔥",
            "❤\u{fe0f}",
            "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
            "می\u{200c}خواهم",
            "क\u{94d}\u{200d}ष",
            "葛\u{e0100}",
            "שלום",
        ] {
            assert_eq!(visible(text), text, "{}", text.escape_unicode());
        }
    }

    #[test]
    fn what_a_person_entered_is_refused_where_they_can_mend_it() {
        assert_eq!(display_text("Überblick\u{200b} 🙂", 11), Ok("Überblick 🙂".to_owned()));
        assert_eq!(display_text("a\u{7}b", 20), Err(NotShown::Control));
        assert_eq!(display_text("12345", 4), Err(NotShown::TooLong(4)));
    }

    #[test]
    fn what_a_program_chose_is_cut() {
        assert_eq!(display_name("abc def", 4).as_deref(), Some("abc"));
        assert_eq!(display_name("a\nb", 4).as_deref(), Some("ab"));
        assert_eq!(display_name("\u{200b} ", 4), None);
    }
}
