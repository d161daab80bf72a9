//! The `id` of a frame that cannot be understood.

/// Finds the request's `id` in a text that is no JSON for the parser: half a
/// surrogate pair, a number beyond any, deeper than it goes, cut off.
///
/// It looks at the frame's own fields only, keeps nothing and goes through
/// the text once, however deep it is. As for the parser, the last of several
/// counts.
pub(crate) fn find(text: &str) -> Option<String> {
    let mut rest = Tokens { text, at: 0 };
    if rest.next()? != Token::Open {
        return None;
    }
    let (mut depth, mut is_key, mut names_id, mut found) = (1_u32, true, false, None);
    for token in rest {
        match token {
            Token::Open => depth += 1,
            Token::Close if depth == 1 => break,
            Token::Close => depth -= 1,
            _ if depth > 1 => {}
            Token::Comma => (is_key, names_id) = (true, false),
            Token::Colon => is_key = false,
            Token::Text(quoted) if is_key => names_id = unquoted(quoted).as_deref() == Some("id"),
            Token::Text(quoted) if names_id => found = unquoted(quoted),
            Token::Text(_) => {}
        }
    }
    found
}

fn unquoted(quoted: &str) -> Option<String> {
    serde_json::from_str(quoted).ok()
}

#[derive(Debug, PartialEq, Eq)]
enum Token<'a> {
    Open,
    Close,
    Comma,
    Colon,
    /// With its quotes.
    Text(&'a str),
}

/// What gives JSON its shape; everything else is passed over.
struct Tokens<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let bytes = self.text.as_bytes();
        loop {
            let start = self.at;
            self.at += 1;
            return Some(match bytes.get(start)? {
                b'{' | b'[' => Token::Open,
                b'}' | b']' => Token::Close,
                b',' => Token::Comma,
                b':' => Token::Colon,
                b'"' => {
                    self.at = end_of_text(bytes, self.at)?;
                    Token::Text(self.text.get(start..self.at)?)
                }
                _ => continue,
            });
        }
    }
}

/// The position behind the closing quote.
fn end_of_text(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_found_in_what_the_parser_cannot_read() {
        let deep = format!(r#"{{"a":{}1{},"id":"x"}}"#, "[".repeat(500), "]".repeat(500));
        for text in [
            r#"{"id":"x","data":{"content":"\ud83d"}}"#,
            r#"{"data":{"content":"\ud83d","id":"y"},"id":"x"}"#,
            r#"{"data":{"metadata":{"a":1e400}} , "id" : "x" }"#,
            r#"{"\u0069d":"\u0078","type":"#,
            r#"{"id":"x","data":{"content":"cut "#,
            r#"{"id":"y","id":"x","n":1e400}"#,
            r#"{"a":"\"id\":\"y\"","id":"x",}"#,
            deep.as_str(),
        ] {
            assert_eq!(find(text).as_deref(), Some("x"), "{text}");
        }
    }

    #[test]
    fn what_is_no_id_of_the_frame_is_none() {
        for text in [
            "",
            "rubbish",
            "{",
            r#"{"id""#,
            r#"{"id":"x"#,
            r#"{"id":7,"n":1e400}"#,
            r#"{"id":{"id":"x"},"n":1e400}"#,
            r#"{"data":{"id":"x"},"n":1e400}"#,
            r#"{"a":"id","b":"x","n":1e400}"#,
            r#"{"id":"\ud83d"}"#,
            r#"{"n":1e400} {"id":"x"}"#,
            r#""id":"x""#,
        ] {
            assert_eq!(find(text), None, "{text}");
        }
    }
}
