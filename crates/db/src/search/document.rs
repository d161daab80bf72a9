//! What of a message is searched.

use crate::rows::message_json::attachment_names;
use crate::words::{Word, words};

/// The words of a message, and those of the names of its files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Document {
    pub text: Vec<String>,
    pub files: Vec<String>,
}

impl Document {
    pub fn new(content: &str, attachments: Option<&str>) -> Self {
        let texts = |words: Vec<Word>| words.into_iter().map(|word| word.text).collect();
        Self { text: texts(words(content)), files: texts(Self::names(attachments)) }
    }

    /// The words of the names of files.
    pub fn names(attachments: Option<&str>) -> Vec<Word> {
        let names = attachments.map(attachment_names).unwrap_or_default();
        names.iter().flat_map(|name| words(name)).collect()
    }

    pub fn is_empty(&self) -> bool {
        self.text.is_empty() && self.files.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_its_words_and_the_names_of_its_files() {
        let files = r#"[{"attachment_id":"1","name":"Q3_Bericht-final.pdf","size":1}]"#;
        let document = Document::new("Siehe dort", Some(files));
        assert_eq!(document.text, ["siehe", "dort"]);
        assert_eq!(document.files, ["q3", "bericht", "final", "pdf"]);
        assert!(Document::new("", None).is_empty());
    }
}
