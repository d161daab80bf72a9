//! Reads the lines of an import (docs/IMPORT.md).

use parlor_domain::{
    PlainText, RoomKind, UserId,
    archive::{Attachment, JsonObject, Line, Message},
    limits::{ATTACHMENTS_PER_MESSAGE, MENTIONS, METADATA_BYTES, USER_CUSTOM_BYTES, USER_ROLES},
    shows_something,
};
use serde_json::Value;

use crate::{ErrorCode, Input, Refusal};

/// Reads one line. `content_bytes` is what the content of a message may have.
///
/// # Errors
/// What is wrong with it, with the name of the field.
pub fn read_line(text: &str, content_bytes: usize) -> Result<Line, Refusal> {
    match serde_json::from_str(text) {
        Ok(line) => read_json_line(line, content_bytes),
        Err(error) => Err(refused(format!("a line must be JSON: {error}"))),
    }
}

/// The same of one that is JSON.
///
/// # Errors
/// What is wrong with it, with the name of the field.
pub fn read_json_line(line: Value, content_bytes: usize) -> Result<Line, Refusal> {
    let Value::Object(mut fields) = line else {
        return Err(refused("a line must be a JSON object".to_owned()));
    };
    let Some(Value::String(kind)) = fields.remove("type") else {
        return Err(Refusal::field("type", "must be a text"));
    };
    let input = Input::of(fields);
    let line = match &*kind {
        "parlor" => Line::Parlor(input.read()?),
        "user" => Line::User(input.read()?),
        "room" => Line::Room(input.read()?),
        "member" => Line::Member(input.read()?),
        "message" => Line::Message(input.read()?),
        "reaction" => Line::Reaction(input.read()?),
        "read" => Line::Read(input.read()?),
        _ => {
            let what = "must be parlor, user, room, member, message, reaction or read";
            return Err(Refusal::field("type", what));
        }
    };
    check(&line, content_bytes)?;
    Ok(line)
}

fn refused(message: String) -> Refusal {
    Refusal { code: ErrorCode::InvalidMessage, message, field: None }
}

/// What no field says alone.
fn check(line: &Line, content_bytes: usize) -> Result<(), Refusal> {
    match line {
        Line::User(user) => {
            if user.user_id.is_reserved() {
                return Err(Refusal::field("user_id", "is reserved"));
            }
            if user.roles.len() > USER_ROLES {
                let what = format!("must be a list of at most {USER_ROLES} roles");
                return Err(Refusal::field("roles", &what));
            }
            object("custom", user.custom.as_ref(), USER_CUSTOM_BYTES)
        }
        Line::Room(room) => {
            let is_direct = room.kind.0 == RoomKind::Direct;
            if room.room_id.is_reserved() {
                return Err(Refusal::field("room_id", "is reserved"));
            }
            if is_direct != room.users.is_some() {
                return Err(Refusal::field("users", "must name the two of a direct room"));
            }
            let is_one = |[one, other]: &[Option<UserId>; 2]| one == other && one.is_some();
            if room.users.as_ref().is_some_and(is_one) {
                return Err(Refusal::field("users", "must not be one and the same"));
            }
            object("custom", room.custom.as_ref(), METADATA_BYTES)
        }
        Line::Message(message) => check_message(message, content_bytes),
        Line::Read(read) => {
            if read.message_id.is_some() != read.read_at.is_some() {
                return Err(Refusal::field("read_at", "must come with message_id"));
            }
            let all = [&read.message_id, &read.delivered, &read.unread_after];
            match all.into_iter().all(Option::is_none) {
                true => Err(Refusal::field("message_id", "is missing")),
                false => Ok(()),
            }
        }
        Line::Parlor(_) | Line::Member(_) | Line::Reaction(_) => Ok(()),
    }
}

fn check_message(message: &Message, content_bytes: usize) -> Result<(), Refusal> {
    if message.created_at.0 < 0 {
        return Err(Refusal::field("created_at", "must not be before 1970"));
    }
    let content = message.content.as_ref().map_or("", |PlainText(content)| &**content);
    if content.len() > content_bytes {
        return Err(Refusal::too_large("content", content_bytes));
    }
    // A file may speak for itself.
    let says_nothing = message.attachments.is_empty() && !shows_something(content);
    if message.deleted_at.is_none() && says_nothing {
        return Err(Refusal::field("content", "must have at least one visible character"));
    }
    if message.attachments.len() > ATTACHMENTS_PER_MESSAGE {
        let what = format!("must be a list of at most {ATTACHMENTS_PER_MESSAGE} files");
        return Err(Refusal::field("attachments", &what));
    }
    for (at, one) in message.attachments.iter().enumerate() {
        let places = [one.file.is_some(), one.url.is_some(), one.upload.is_some()];
        if places.into_iter().filter(|is_there| *is_there).count() != 1 {
            let what = "must each have a file, a url or an upload";
            return Err(Refusal::field("attachments", what));
        }
        if one.upload.is_some() && one.name.is_some() {
            return Err(Refusal::field("attachments.name", "must not come with an upload"));
        }
        let is_same = |other: &Attachment| other.upload == one.upload;
        if one.upload.is_some() && message.attachments[..at].iter().any(is_same) {
            return Err(Refusal::field("attachments", "must not name an upload twice"));
        }
    }
    if message.mentions.users.len() > MENTIONS {
        let what = format!("must be a list of at most {MENTIONS} users");
        return Err(Refusal::field("mentions.users", &what));
    }
    object("metadata", message.metadata.as_ref(), METADATA_BYTES)
}

fn object(
    name: &'static str,
    object: Option<&JsonObject>,
    bytes_max: usize,
) -> Result<(), Refusal> {
    match object.is_some_and(|JsonObject(text)| text.len() > bytes_max) {
        true => Err(Refusal::too_large(name, bytes_max)),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_written_as_it_was_read() {
        for text in [
            r#"{"type":"parlor","version":1,"message_ids":"application"}"#,
            r#"{"type":"user","user_id":"ann","name":"Ann","custom":{"a":[1]},"roles":["x"]}"#,
            r#"{"type":"room","room_id":"d","kind":"direct","users":["ann",null]}"#,
            r#"{"type":"room","room_id":"r","kind":"public","rules":{"frozen":true},"age_days":3}"#,
            r#"{"type":"member","room_id":"r","user_id":"ann","role":"owner"}"#,
            r#"{"type":"message","room_id":"r","message_id":"1","user_id":null,"created_at":"2020-01-02T03:04:05.006Z","deleted_at":"2020-01-02T03:04:05.006Z"}"#,
            r#"{"type":"reaction","room_id":"r","message_id":"1","user_id":"ann","emoji":"👍"}"#,
            r#"{"type":"read","room_id":"r","user_id":"ann","unread_after":"1"}"#,
        ] {
            let line = read_line(text, 100).unwrap_or_else(|refusal| panic!("{text}: {refusal}"));
            assert_eq!(serde_json::to_string(&line).expect("JSON"), text);
        }
    }

    /// docs/IMPORT.md says what it is for.
    #[test]
    fn the_schema_is_what_the_lines_are() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/import.schema.json");
        let schema = schemars::schema_for!(Line);
        let made = serde_json::to_string_pretty(&schema).expect("JSON") + "\n";
        if std::fs::read_to_string(path).is_ok_and(|text| text == made) {
            return;
        }
        std::fs::write(path, made).expect("it can be written");
        panic!(
            "docs/import.schema.json was not what the lines are: it has been renewed, commit it"
        );
    }

    #[test]
    fn what_is_wrong_with_a_line_is_named() {
        let message = |rest: &str| {
            format!(
                r#"{{"type":"message","room_id":"r","message_id":"1","user_id":"a","created_at":"2020-01-02T03:04:05Z"{rest}}}"#
            )
        };
        for (text, field, what) in [
            ("x".to_owned(), None, "a line must be JSON"),
            ("[]".to_owned(), None, "a line must be a JSON object"),
            ("{}".to_owned(), Some("type"), "must be a text"),
            (r#"{"type":"x"}"#.to_owned(), Some("type"), "must be parlor, user"),
            (r#"{"type":"parlor","version":2}"#.to_owned(), Some("version"), "from 1 to 1"),
            (r#"{"type":"user","user_id":"a b"}"#.to_owned(), Some("user_id"), "may only have"),
            (r#"{"type":"user","user_id":"a","nmae":""}"#.to_owned(), Some("nmae"), "no field"),
            (r#"{"type":"room","room_id":"d","kind":"direct"}"#.to_owned(), Some("users"), "two"),
            (message("").replace(r#""user_id":"a","#, ""), Some("user_id"), "is missing"),
            (message(""), Some("content"), "visible"),
            (message(r#","content":"xxxxxx""#), Some("content"), "at most 5 bytes"),
            (message(r#","content":"x","metadata":1"#), Some("metadata"), "an object"),
            (
                message(r#","attachments":[{"file":"a/../../b"}]"#),
                Some("attachments.file"),
                "below the folder",
            ),
            (
                message(r#","attachments":[{"file":"a","url":"https://a"}]"#),
                Some("attachments"),
                "a file, a url or an upload",
            ),
            (
                message(r#","attachments":[{"upload":"7"},{"upload":"7"}]"#),
                Some("attachments"),
                "twice",
            ),
            (
                message(r#","attachments":[{"upload":"7","name":"a"}]"#),
                Some("attachments.name"),
                "with an upload",
            ),
            (message(r#","content":"x","pinned":{"at":"x","by":"a"}"#), Some("pinned.at"), "time"),
        ] {
            let refusal = read_line(&text, 5).expect_err(&text);
            assert_eq!(refusal.field.as_deref(), field, "{text}: {refusal}");
            assert!(refusal.message.contains(what), "{text}: {refusal}");
        }
    }
}
