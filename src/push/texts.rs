//! What a notification says.

use std::{fmt, sync::Arc};

use serde::Deserialize;

use crate::db::PushNews;
use parlor_domain::{Message, PushAlert, limits::PUSH_TEXT_CHARS};

/// How much of a message leaves the server in a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum PushContent {
    /// What was said, by whom and where.
    Full,
    /// By whom and where.
    Sender,
    /// That something was.
    None,
}

/// What stands in a template for something of the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    Sender,
    Room,
    Text,
    Count,
}

impl Word {
    const ALL: [Self; 4] = [Self::Sender, Self::Room, Self::Text, Self::Count];

    fn as_str(self) -> &'static str {
        match self {
            Self::Sender => "{sender}",
            Self::Room => "{room}",
            Self::Text => "{text}",
            Self::Count => "{count}",
        }
    }

    fn is_in(self, content: PushContent) -> bool {
        match content {
            PushContent::Full => true,
            PushContent::Sender => self != Self::Text,
            PushContent::None => self == Self::Count,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Plain(Arc<str>),
    Word(Word),
}

/// A text with places for what a message says.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Template(Vec<Piece>);

impl Template {
    /// # Errors
    /// What in it is no place, or one that the content leaves out.
    fn parse(text: &str, content: PushContent) -> Result<Self, String> {
        let (mut pieces, mut rest) = (Vec::new(), text);
        while let Some(start) = rest.find('{') {
            let (before, from) = rest.split_at(start);
            let word = Word::ALL.into_iter().find(|word| from.starts_with(word.as_str()));
            let word = word.ok_or_else(|| {
                "of what is in braces it knows {sender}, {room}, {text} and {count}".to_owned()
            })?;
            if !word.is_in(content) {
                return Err(format!("the content leaves {} out", word.as_str()));
            }
            pieces.push(Piece::Plain(before.into()));
            pieces.push(Piece::Word(word));
            rest = &from[word.as_str().len()..];
        }
        pieces.push(Piece::Plain(rest.into()));
        Ok(Self(pieces))
    }

    fn fill(&self, said: &Said<'_>) -> Arc<str> {
        let mut filled = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Plain(text) => filled.push_str(text),
                Piece::Word(Word::Sender) => filled.push_str(said.sender),
                Piece::Word(Word::Room) => filled.push_str(said.room),
                Piece::Word(Word::Text) => filled.push_str(&said.text),
                Piece::Word(Word::Count) => filled.push_str(&said.count.to_string()),
            }
        }
        filled.into()
    }
}

/// What a notification may say of a message.
struct Said<'a> {
    sender: &'a str,
    /// The title of the room, or who speaks where it has none, as in one of two.
    room: &'a str,
    text: String,
    count: i64,
}

impl<'a> Said<'a> {
    fn of(news: &'a PushNews) -> Self {
        let PushNews { overview, newest, count } = news;
        let (sender, title) = (&*newest.sender.name, &*overview.room.title);
        let room = if title.is_empty() { sender } else { title };
        Self { sender, room, text: text_of(newest), count: *count }
    }
}

/// The text of a message on one line, or the names of its files.
fn text_of(message: &Message) -> String {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut text = words(&message.content);
    if text.is_empty() {
        #[derive(Deserialize)]
        struct Named {
            name: String,
        }
        let files = message.extras.as_ref().and_then(|extras| extras.attachments.as_deref());
        let files: Vec<Named> =
            files.and_then(|files| serde_json::from_str(files).ok()).unwrap_or_default();
        let names: Vec<String> = files.into_iter().map(|file| words(&file.name)).collect();
        text = names.join(", ");
    }
    match text.char_indices().nth(PUSH_TEXT_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// The templates of a deployment.
#[derive(Clone, Debug)]
pub struct PushTexts {
    title: Template,
    body: Template,
}

/// Which of the templates is wrong, and why.
#[derive(Debug, PartialEq, Eq)]
pub struct BadTemplate {
    pub is_title: bool,
    pub why: String,
}

impl fmt::Display for BadTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl PushTexts {
    /// # Errors
    /// If a template has a place that is none, or that the content leaves out.
    pub fn new(
        content: PushContent,
        title: Option<&str>,
        body: Option<&str>,
    ) -> Result<Self, BadTemplate> {
        let (usual_title, usual_body) = match content {
            PushContent::Full => ("{room}", "{sender}: {text}"),
            PushContent::Sender => ("{room}", "New message from {sender}"),
            PushContent::None => ("New message", "{count} unread"),
        };
        let parse = |text: Option<&str>, usual, is_title| {
            let template = Template::parse(text.unwrap_or(usual), content);
            template.map_err(|why| BadTemplate { is_title, why })
        };
        Ok(Self { title: parse(title, usual_title, true)?, body: parse(body, usual_body, false)? })
    }

    pub fn alert(&self, news: &PushNews) -> PushAlert {
        let said = Said::of(news);
        PushAlert { title: self.title.fill(&said), body: self.body.fill(&said) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Said<'_> {
        Said { sender: "Ann", room: "Board", text: text.to_owned(), count: 3 }
    }

    #[test]
    fn a_template_is_filled_and_knows_no_other_places() {
        let fill = |template: &str, said: &Said<'_>| {
            Template::parse(template, PushContent::Full).map(|it| it.fill(said).to_string())
        };
        let filled = fill("{count} in {room}: {sender}, {text}", &said("hi"));
        assert_eq!(filled.as_deref(), Ok("3 in Board: Ann, hi"));
        assert_eq!(fill("} as it is", &said("hi")).as_deref(), Ok("} as it is"));
        let said_so = fill("{text}", &said("{sender}"));
        assert_eq!(said_so.as_deref(), Ok("{sender}"), "what is said is no template");
        for bad in ["{", "{name}", "{{sender}}", "{sender"] {
            assert!(fill(bad, &said("hi")).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_the_content_leaves_out_no_template_brings_back() {
        let is_good = |content, body| PushTexts::new(content, None, Some(body)).is_ok();
        assert!(is_good(PushContent::Full, "{text}"));
        assert!(is_good(PushContent::Sender, "{sender} {room} {count}"));
        assert!(!is_good(PushContent::Sender, "{text}"));
        assert!(is_good(PushContent::None, "{count}") && !is_good(PushContent::None, "{room}"));
        let bad = PushTexts::new(PushContent::None, Some("{sender}"), None);
        assert!(bad.is_err_and(|bad| bad.is_title));
        for content in [PushContent::Full, PushContent::Sender, PushContent::None] {
            assert!(PushTexts::new(content, None, None).is_ok());
        }
    }

    #[test]
    fn a_text_is_one_line_that_fits_and_files_have_names() {
        let message = |content: &str| Message { content: content.into(), ..Message::sample(1, "") };
        assert_eq!(text_of(&message("one\n\t two ")), "one two");
        let long = text_of(&message(&"ä".repeat(PUSH_TEXT_CHARS + 1)));
        assert_eq!(long.chars().count(), PUSH_TEXT_CHARS + 1);
        assert!(long.ends_with("ä…"));
        let extras = parlor_domain::Extras {
            attachments: Some(r#"[{"name":"a.png"},{"name":"b.pdf"}]"#.into()),
            ..parlor_domain::Extras::default()
        };
        let files = Message { extras: Some(Box::new(extras)), ..message("") };
        assert_eq!(text_of(&files), "a.png, b.pdf");
    }
}
