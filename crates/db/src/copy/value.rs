//! Values between two databases, and how they are written for a checksum.

use serde_json::{Value as Json, json};

/// What a column holds in one row. A truth is 0 or 1, as SQLite has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Null,
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// One row: the values in the order of the table's columns.
#[derive(Debug)]
pub(crate) struct Row(pub Vec<Value>);

impl Row {
    /// The values of the primary key, with which the next page begins.
    pub fn key(&self, places: &[usize]) -> Vec<Value> {
        places.iter().filter_map(|place| self.0.get(*place)).cloned().collect()
    }

    /// PostgreSQL stores no U+0000, which SQLite does: it becomes U+FFFD.
    /// Gives how many there were.
    pub fn replace_nul(&mut self) -> i64 {
        let mut replaced = 0;
        for value in &mut self.0 {
            if let Value::Text(text) = value
                && text.contains('\0')
            {
                replaced += text.bytes().map(|byte| i64::from(byte == 0)).sum::<i64>();
                *text = text.replace('\0', "\u{fffd}");
            }
        }
        replaced
    }

    /// The row for a checksum: each value with its type and its length, so
    /// that no two rows are written alike.
    pub fn write_to(&self, bytes: &mut Vec<u8>) {
        for value in &self.0 {
            match value {
                Value::Null => bytes.push(0),
                Value::Int(number) => {
                    bytes.push(1);
                    bytes.extend(number.to_be_bytes());
                }
                Value::Text(text) => write_sized(2, text.as_bytes(), bytes),
                Value::Bytes(raw) => write_sized(3, raw, bytes),
            }
        }
    }
}

fn write_sized(tag: u8, content: &[u8], bytes: &mut Vec<u8>) {
    bytes.push(tag);
    bytes.extend((content.len() as u64).to_be_bytes());
    bytes.extend(content);
}

/// A key as JSON, to be kept in the target: numbers, texts, and bytes as a
/// list of numbers.
pub(crate) fn key_to_json(key: &[Value]) -> String {
    let one = |value: &Value| match value {
        Value::Null => Json::Null,
        Value::Int(number) => json!(number),
        Value::Text(text) => json!(text),
        Value::Bytes(bytes) => json!(bytes),
    };
    Json::Array(key.iter().map(one).collect()).to_string()
}

/// `None` if it is none that [`key_to_json`] has written.
pub(crate) fn key_from_json(text: &str) -> Option<Vec<Value>> {
    let one = |value: Json| match value {
        Json::Number(number) => number.as_i64().map(Value::Int),
        Json::String(text) => Some(Value::Text(text)),
        Json::Array(_) => serde_json::from_value(value).ok().map(Value::Bytes),
        _ => None,
    };
    let values: Vec<Json> = serde_json::from_str(text).ok()?;
    values.into_iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    #[test]
    fn a_key_is_kept_as_json() {
        let keys = [
            vec![Value::Int(i64::MIN), text("a\0\"b"), Value::Int(i64::MAX)],
            vec![Value::Bytes(vec![0, 1, 255])],
            vec![],
        ];
        for key in keys {
            let json = key_to_json(&key);
            assert!(!json.contains('\0'), "{json}");
            assert_eq!(key_from_json(&json), Some(key));
        }
        for broken in ["", "7", "[null]", "[1.5]", "[[256]]"] {
            assert_eq!(key_from_json(broken), None, "{broken}");
        }
    }

    #[test]
    fn a_nul_is_replaced_and_counted() {
        let mut row = Row(vec![text("\0a\0"), Value::Null, text("b"), Value::Bytes(vec![0])]);
        assert_eq!(row.replace_nul(), 2);
        let clean = [text("\u{fffd}a\u{fffd}"), Value::Null, text("b"), Value::Bytes(vec![0])];
        assert_eq!(row.0, clean);
        assert_eq!(row.replace_nul(), 0);
    }

    #[test]
    fn no_two_rows_are_written_alike() {
        let rows = [
            vec![text("ab"), text("")],
            vec![text("a"), text("b")],
            vec![text(""), text("ab")],
            vec![Value::Bytes(b"ab".to_vec()), text("")],
            vec![text("ab"), Value::Null],
            vec![Value::Null, Value::Int(0)],
            vec![Value::Null, Value::Null],
        ];
        let written = rows.map(|values| {
            let mut bytes = Vec::new();
            Row(values).write_to(&mut bytes);
            bytes
        });
        for (i, one) in written.iter().enumerate() {
            assert!(!written[..i].contains(one), "{i}");
        }
    }
}
