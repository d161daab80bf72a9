//! What a note says, for every service: within its bounds, and under a name by which a newer
//! note of the same room or thread replaces it.

use std::borrow::Cow;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::hmac;
use serde::Serialize;

use parlor_domain::{PushAlert, PushNote, limits::PUSH_TITLE_BYTES};

/// What a note is about, as the application reads it.
#[derive(Serialize)]
pub(crate) struct About<'a> {
    room_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    thread_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<String>,
    seq: i64,
    badge: i64,
}

impl<'a> About<'a> {
    pub fn new(note: &'a PushNote) -> Self {
        let PushNote { room, thread, message, seq, badge, alert: _ } = note;
        Self {
            room_id: room.as_str(),
            thread_id: thread.map(|id| id.0.to_string()),
            message_id: message.map(|id| id.0.to_string()),
            seq: seq.0,
            badge: *badge,
        }
    }
}

/// The name that notes of a room, or of a thread, have in common: 32 characters of base64url,
/// which is all that RFC 8030 section 5.4 allows. Whoever does not know the secret does not
/// learn from it who is in the same room.
pub(crate) fn tag(note: &PushNote, secret: &[u8]) -> String {
    let thread = note.thread.map_or(String::new(), |id| id.0.to_string());
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let hash = hmac::sign(&key, format!("{}\0{thread}", note.room).as_bytes());
    URL_SAFE_NO_PAD.encode(&hash.as_ref()[..24])
}

/// What is made of a note's title and body, as JSON: at most `most` bytes, for which the body
/// is cut.
pub(crate) fn fitted(
    alert: Option<&PushAlert>,
    most: usize,
    made: impl Fn(Option<(&str, &str)>) -> Vec<u8>,
) -> Vec<u8> {
    let Some(PushAlert { title, body }) = alert else { return made(None) };
    let title = cut(title, PUSH_TITLE_BYTES);
    let left = most.saturating_sub(made(Some((&title, ""))).len());
    made(Some((&title, &cut(body, left))))
}

/// The beginning of a text that takes at most so many bytes as JSON, with a sign that there
/// was more.
fn cut(text: &str, most: usize) -> Cow<'_, str> {
    const MORE: &str = "…";
    let (mut bytes, mut end) = (0, 0);
    for (at, character) in text.char_indices() {
        if bytes + MORE.len() <= most {
            end = at;
        }
        bytes += json_bytes(character);
        if bytes > most {
            return format!("{}{MORE}", &text[..end]).into();
        }
    }
    text.into()
}

/// As `serde_json` writes it (RFC 8259 section 7).
fn json_bytes(character: char) -> usize {
    match character {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        '\0'..='\u{1f}' => 6,
        other => other.len_utf8(),
    }
}

pub(crate) fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("texts and numbers are JSON")
}

#[cfg(test)]
pub(crate) mod tests {
    use parlor_domain::{MessageId, RoomId, Seq};
    use serde_json::json;

    use super::*;

    pub fn note(alert: Option<(&str, &str)>) -> PushNote {
        PushNote {
            room: RoomId::from_stored("board:42"),
            thread: None,
            message: Some(MessageId(91)),
            seq: Seq(7),
            badge: 3,
            alert: alert.map(|(title, body)| PushAlert { title: title.into(), body: body.into() }),
        }
    }

    /// Of every kind of characters that JSON has.
    pub fn long_text() -> String {
        "a\"ä\u{1}\n😀\\".repeat(2_000)
    }

    #[test]
    fn a_note_says_what_it_is_about_and_leaves_out_what_there_is_not() {
        let about = |note: &PushNote| serde_json::to_value(About::new(note)).expect("JSON");
        let mut note = note(None);
        let expected = json!({"room_id": "board:42", "message_id": "91", "seq": 7, "badge": 3});
        assert_eq!(about(&note), expected);
        (note.thread, note.message) = (Some(MessageId(5)), None);
        let expected = json!({"room_id": "board:42", "thread_id": "5", "seq": 7, "badge": 3});
        assert_eq!(about(&note), expected);
    }

    #[test]
    fn each_room_and_thread_has_a_name_of_its_own_for_each_secret() {
        let first = note(None);
        let thread = PushNote { thread: Some(MessageId(4)), ..first.clone() };
        let other = PushNote { room: RoomId::from_stored("board:43"), ..first.clone() };
        let later = PushNote { seq: Seq(8), badge: 0, ..first.clone() };
        let name = tag(&first, b"a");
        assert!(
            name.len() == 32
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
        );
        assert_eq!(tag(&later, b"a"), name);
        for different in [tag(&thread, b"a"), tag(&other, b"a"), tag(&first, b"b")] {
            assert_ne!(different, name);
        }
    }

    #[test]
    fn a_text_is_cut_between_characters_by_what_it_takes_in_json() {
        assert_eq!(cut("short", 5), "short");
        assert_eq!(cut("shorter", 6), "sho…");
        assert_eq!(cut("ääää", 7), "ää…");
        assert_eq!(cut("\u{1}\u{1}\u{1}", 17), "\u{1}\u{1}…");
        let long = long_text();
        for most in 3..200 {
            let text = cut(&long, most);
            let taken = json(&text).len() - 2;
            assert!(taken <= most && taken + 6 + 3 > most && text.ends_with('…'), "{most}");
        }
    }

    #[test]
    fn what_is_too_long_loses_the_end_of_its_body() {
        let made = |alert: Option<(&str, &str)>| json(&alert);
        let long = long_text();
        let note = note(Some((&long, &long)));
        let fitted = fitted(note.alert.as_ref(), 2_000, made);
        assert!(fitted.len() <= 2_000 && fitted.len() > 1_990, "{}", fitted.len());
        let [title, body]: [String; 2] = serde_json::from_slice(&fitted).expect("JSON");
        assert!(title.ends_with('…') && json(&title).len() <= PUSH_TITLE_BYTES + 2);
        assert!(body.ends_with('…') && long.starts_with(body.trim_end_matches('…')));
    }
}
