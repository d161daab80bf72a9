//! Lines of the log, for people or for programs.

use std::io::Write;

use env_logger::fmt::Formatter;
use log::{
    Record,
    kv::{Error, Key, Value, VisitSource},
};
use serde_json::{Map, json};

/// How lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl LogFormat {
    /// `PARLOR_LOG_FORMAT`; read before the command line is, whose errors are
    /// no lines of the log.
    pub fn from_env() -> Self {
        match std::env::var("PARLOR_LOG_FORMAT").as_deref() {
            Ok("json") => Self::Json,
            _ => Self::Text,
        }
    }

    /// What RUST_LOG says is written, on standard error.
    pub fn init(self) {
        let filter = env_logger::Env::default().default_filter_or("warn,parlor=info");
        let mut builder = env_logger::Builder::from_env(filter);
        match self {
            Self::Text => builder.format(text),
            Self::Json => builder.format(json),
        };
        builder.init();
    }
}

fn now() -> String {
    chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

/// Collects what belongs to a line besides its text.
struct Pairs(Map<String, serde_json::Value>);

impl<'kvs> VisitSource<'kvs> for Pairs {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), Error> {
        let value = match value.to_u64() {
            Some(number) => json!(number),
            None => json!(value.to_string()),
        };
        self.0.insert(key.as_str().to_owned(), value);
        Ok(())
    }
}

fn pairs(record: &Record<'_>) -> Map<String, serde_json::Value> {
    let mut pairs = Pairs(Map::new());
    // It fails only if the visitor does.
    let _ = record.key_values().visit(&mut pairs);
    pairs.0
}

/// Whatever is in a line, it stays one line.
fn one_line(text: &str) -> String {
    text.chars()
        .flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] })
        .collect()
}

fn text(out: &mut Formatter, record: &Record<'_>) -> std::io::Result<()> {
    let (level, target) = (record.level(), record.target());
    write!(out, "[{} {level:<5} {target}] {}", now(), one_line(&record.args().to_string()))?;
    for (key, value) in pairs(record) {
        write!(out, " {key}={value}")?;
    }
    writeln!(out)
}

fn json(out: &mut Formatter, record: &Record<'_>) -> std::io::Result<()> {
    let mut line = pairs(record);
    line.insert("timestamp".to_owned(), json!(now()));
    line.insert("level".to_owned(), json!(record.level().as_str()));
    line.insert("target".to_owned(), json!(record.target()));
    line.insert("message".to_owned(), json!(record.args().to_string()));
    writeln!(out, "{}", serde_json::Value::Object(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_stays_one_line() {
        assert_eq!(one_line("a\nb\u{1b}[31mä"), "a\\nb\\u{1b}[31mä");
    }
}
