//! The log, as text for people or as JSON for programs.

use std::io::Write;

use clap::ValueEnum;
use env_logger::fmt::Formatter;
use log::{
    Record,
    kv::{Error, Key, Value, VisitSource},
};
use serde_json::{Map, json};

use super::Failure;
use crate::cli::LOG_FORMAT;

/// How lines are written.
#[derive(Clone, Copy, ValueEnum)]
enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Starts the log: what RUST_LOG says is written, on standard error, as
/// `PARLOR_LOG_FORMAT` has it. Both are read apart from the command line,
/// whose errors are no lines of the log.
#[expect(
    clippy::disallowed_methods,
    reason = "the logger's own two variables, read before the command line"
)]
pub(super) fn init() -> Result<(), Failure> {
    let format = match std::env::var(LOG_FORMAT).unwrap_or_default().as_str() {
        "" => LogFormat::Text,
        given => LogFormat::from_str(given, false).map_err(|_| {
            Failure::value(format!("{LOG_FORMAT}: it must be text or json, not {given:?}"))
        })?,
    };
    let filter = env_logger::Env::default().default_filter_or("warn,parlor=info");
    let mut builder = env_logger::Builder::from_env(filter);
    // It writes an error for everything a stranger sends that is not HTTP, of
    // which `accept::ended` writes a line a minute.
    if !std::env::var("RUST_LOG").is_ok_and(|filter| filter.contains("actix_http")) {
        builder.filter_module("actix_http::h1::dispatcher", log::LevelFilter::Off);
    }
    match format {
        LogFormat::Text => builder.format(text),
        LogFormat::Json => builder.format(json),
    };
    builder.init();
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a line has this machine's time")]
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
        write!(out, " {key}={}", one_line(&value.to_string()))?;
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
