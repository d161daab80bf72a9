//! What was found, for people and for programs.

use std::fmt::Write;

use serde::Serialize;
use serde_json::json;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    Right,
    Doubtful,
    Wrong,
}

#[derive(Debug, Serialize)]
struct Finding {
    level: Level,
    what: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

/// In the order in which they were found.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<Finding>);

impl Findings {
    pub fn right(&mut self, what: impl Into<String>) {
        self.0.push(Finding { level: Level::Right, what: what.into(), advice: None });
    }

    /// Perhaps wrong, or soon.
    pub fn doubtful(&mut self, what: impl Into<String>, advice: impl Into<String>) {
        self.add(Level::Doubtful, what.into(), advice.into());
    }

    pub fn wrong(&mut self, what: impl Into<String>, advice: impl Into<String>) {
        self.add(Level::Wrong, what.into(), advice.into());
    }

    fn add(&mut self, level: Level, what: String, advice: String) {
        self.0.push(Finding { level, what, advice: Some(advice) });
    }

    fn worst(&self) -> Level {
        self.0.iter().map(|found| found.level).max().unwrap_or(Level::Right)
    }

    /// As monitoring has it: 1 for a warning, 2 for what is wrong.
    pub fn exit_code(&self) -> u8 {
        match self.worst() {
            Level::Right => 0,
            Level::Doubtful => 1,
            Level::Wrong => 2,
        }
    }

    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for Finding { level, what, advice } in &self.0 {
            let mark = match level {
                Level::Right => '✓',
                Level::Doubtful => '!',
                Level::Wrong => '✗',
            };
            // Writing to a String does not fail.
            let _ = writeln!(text, "{mark} {}", one_line(what));
            if let Some(advice) = advice {
                let _ = writeln!(text, "  → {}", one_line(advice));
            }
        }
        text
    }

    pub fn to_json(&self) -> String {
        json!({"level": self.worst(), "findings": self.0}).to_string() + "\n"
    }
}

/// Some of it is what a server answered: nothing of it is done by a terminal.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_decides_and_nothing_reaches_the_terminal() {
        let mut found = Findings::default();
        assert_eq!((found.exit_code(), found.to_text().as_str()), (0, ""));
        found.right("it answers");
        found.doubtful("it is\u{1b}[31m late\n", "look at it");
        assert_eq!(found.exit_code(), 1);
        found.wrong("it is gone", "start it");
        assert_eq!(found.exit_code(), 2);
        let text = "✓ it answers\n! it is [31m late \n  → look at it\n✗ it is gone\n  → start it\n";
        assert_eq!(found.to_text(), text);
        let json: serde_json::Value = serde_json::from_str(&found.to_json()).expect("JSON");
        assert_eq!(
            (&json["level"], &json["findings"][0]["level"]),
            (&json!("wrong"), &json!("right"))
        );
        assert_eq!(json["findings"][2]["advice"], "start it");
    }
}
