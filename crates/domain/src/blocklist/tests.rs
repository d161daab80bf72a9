use std::time::{Duration, Instant};

use super::*;

fn list(id: &str, action: BlocklistAction, words: &[&str], patterns: &[&str]) -> Blocklist {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    Blocklist {
        id: BlocklistId::from_stored(id),
        action,
        words: owned(words),
        patterns: owned(patterns),
        updated_at: Timestamp(0),
    }
}

fn ready(lists: &[Blocklist]) -> Blocklists {
    Blocklists::new(lists).expect("lists")
}

fn passed(masked: Option<&str>, flagged: bool) -> Screened {
    Screened::Passed { masked: masked.map(Into::into), flagged }
}

#[test]
fn a_text_is_refused_masked_and_flagged_as_its_lists_say() {
    let lists = ready(&[
        list("no", BlocklistAction::Refuse, &["worst"], &[r"b[u4]y n[o0]w"]),
        list("stars", BlocklistAction::Mask, &["bad", "bad egg"], &[r"\bu+gh\b"]),
        list("look", BlocklistAction::Flag, &["odd", "bad"], &[]),
    ]);
    for (text, screened) in [
        ("fine", passed(None, false)),
        ("the WORST of all", Screened::Refused(0)),
        ("B4y N0W", Screened::Refused(0)),
        ("how odd", passed(None, true)),
        ("@ann a bad  egg, ughs UUGH", passed(Some("@ann a ***  ***, ughs ****"), true)),
        ("ba\u{200b}d! Bád bad\u{301} x", passed(Some("****! *** **** x"), true)),
        ("", passed(None, false)),
    ] {
        assert_eq!(screen(text, [&lists]), screened, "{text}");
    }
    let found: Vec<_> =
        lists.found_in("an odd worst").into_iter().map(|(_, action)| action).collect();
    assert_eq!(found, [BlocklistAction::Refuse, BlocklistAction::Flag]);
    assert!(lists.hides() && !lists.is_empty());
}

#[test]
fn a_text_keeps_its_length_in_characters() {
    let lists = ready(&[list("l", BlocklistAction::Mask, &["坏词", "straße"], &["x{2,}"])]);
    for text in ["这是坏词吗 @ben", "STRASSE xXx straße, 𝐱𝐱", "ﬁxx e\u{301}"] {
        let Screened::Passed { masked: Some(masked), .. } = screen(text, [&lists]) else {
            panic!("{text}")
        };
        assert_eq!(masked.chars().count(), text.chars().count(), "{masked}");
        assert!(masked.contains('*') && !masked.contains('x'), "{masked}");
    }
}

#[test]
fn several_lists_of_several_places_are_looked_through() {
    let everywhere = ready(&[list("a", BlocklistAction::Mask, &["bad"], &[])]);
    let here = ready(&[list("b", BlocklistAction::Mask, &["odd"], &[])]);
    assert_eq!(screen("bad odd", [&everywhere, &here]), passed(Some("*** ***"), false));
    assert_eq!(screen("bad odd", [&everywhere]), passed(Some("*** odd"), false));
    assert_eq!(screen("bad odd", []), passed(None, false));
}

#[test]
fn what_is_wrong_with_a_list_is_said() {
    let long = "x".repeat(BLOCKED_WORD_CHARS + 1);
    for (words, patterns, wrong) in [
        (&["a", "\u{200b}"][..], &[][..], "number 2"),
        (&[long.as_str()], &[], "number 1"),
        (&[], &["a", "a(b"], "number 2 is wrong at character 2: unclosed group"),
    ] {
        let invalid = Blocklists::new(&[list("l", BlocklistAction::Flag, words, patterns)]);
        let invalid = invalid.expect_err("refused").to_string();
        assert!(invalid.contains(wrong), "{invalid}");
    }
}

/// Words that are made up, of some syllables each.
fn made_up(count: usize) -> Vec<String> {
    let syllables = ["ba", "ke", "li", "mo", "nu", "pra", "sto", "tri", "vel", "zan"];
    let syllable =
        |number: usize, place: usize| syllables[number / 10_usize.pow(place as u32) % 10];
    (0..count).map(|n| (0..4).map(|place| syllable(n, place)).collect()).collect()
}

/// Half of the words are in the list.
fn message() -> String {
    let words = made_up(7);
    let text: Vec<String> =
        words.iter().flat_map(|word| [word.clone(), format!("{word}x")]).collect();
    text.join(" ").chars().cycle().take(200).collect()
}

#[test]
fn a_list_of_ten_thousand_words_costs_what_one_of_ten_does() {
    let of = |count| {
        let words = made_up(count);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        ready(&[list("l", BlocklistAction::Flag, &words, &[])])
    };
    let (few, many, text) = (of(10), of(10_000), message());
    let time = |lists: &Blocklists| {
        let rounds = (0..20).map(|_| {
            let begun = Instant::now();
            (0..100).for_each(|_| {
                std::hint::black_box(screen(std::hint::black_box(&text), [lists]));
            });
            begun.elapsed() / 100
        });
        rounds.min().unwrap_or_default()
    };
    let (few, many) = (time(&few), time(&many));
    // Not optimised, and on a busy machine.
    assert!(many < few * 5 + Duration::from_micros(20), "{few:?}, {many:?}");
}

/// `cargo test --release -p parlor-domain -- --ignored --nocapture what_a_message_costs`
#[test]
#[ignore = "a measurement"]
#[expect(clippy::print_stdout, reason = "a measurement is for who makes it")]
fn what_a_message_costs() {
    let words = made_up(10_000);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let begun = Instant::now();
    let lists = ready(&[list("l", BlocklistAction::Mask, &words, &[])]);
    println!("10,000 words: made ready in {:?}, {} KB", begun.elapsed(), lists.bytes() / 1024);
    let patterns = [r"\bfr[e3]{2,} m[o0]ney\b", r"https?://\w+\.example", r"(.)\w*[0-9]{4,}"];
    let begun = Instant::now();
    let patterns = ready(&[list("p", BlocklistAction::Refuse, &[], &patterns)]);
    println!("3 patterns: made ready in {:?}, {} KB", begun.elapsed(), patterns.bytes() / 1024);
    let accented = message().replace('a', "á");
    let plain = "it is what it is, and so on and so forth. ".repeat(5);
    for (what, text) in [("all found", message()), ("accents", accented), ("none found", plain)] {
        for (which, lists) in [("words", &lists), ("patterns", &patterns)] {
            let rounds = (0..50).map(|_| {
                let begun = Instant::now();
                (0..1_000).for_each(|_| {
                    std::hint::black_box(screen(std::hint::black_box(&text), [lists]));
                });
                begun.elapsed() / 1_000
            });
            let (least, chars) = (rounds.min().unwrap_or_default(), text.chars().count());
            println!("{what}, {chars} characters, {which}: {least:?}");
        }
    }
}
