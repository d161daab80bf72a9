//! Tables in Markdown for people, JSON lines for programs.

use std::fmt::Display;

use serde_json::json;

use crate::{Result, audit::Findings, options::Options};

/// A measured number and how it is shown.
pub struct Metric {
    /// In JSON; ends with the unit.
    pub key: &'static str,
    pub heading: &'static str,
    pub value: f64,
    pub decimals: usize,
}

/// What one run of a case has given.
pub struct Measured {
    pub metrics: Vec<Metric>,
    pub findings: Findings,
}

pub struct Report {
    json: bool,
    /// What the numbers depend on beside the case; see `Options`.
    tls: bool,
    deflate: bool,
    content: usize,
    /// The scenario whose table has been begun.
    table: Option<&'static str>,
    findings: Findings,
}

impl Report {
    pub fn new(options: &Options) -> Self {
        let Options { json, tls, deflate, content, .. } = *options;
        Report { json, tls, deflate, content, table: None, findings: Findings::default() }
    }

    pub fn note(&self, text: &str) {
        self.table_line(text);
    }

    /// Adds a case: the median of each number over its runs, and all that the
    /// checks have found in any of them.
    pub fn add(
        &mut self,
        scenario: &'static str,
        about: &str,
        case: &str,
        runs: &[Measured],
    ) -> Result<()> {
        let Some(first) = runs.first() else { return Ok(()) };
        let metrics: Vec<Metric> = first
            .metrics
            .iter()
            .enumerate()
            .map(|(column, metric)| {
                let values = runs.iter().map(|run| run.metrics[column].value).collect();
                Metric { value: median(values), ..*metric }
            })
            .collect();
        let mut findings = Findings::default();
        runs.iter().for_each(|run| findings.add(&run.findings));
        self.findings.add(&findings);

        if self.table != Some(scenario) {
            self.table = Some(scenario);
            self.heading(scenario, about, &metrics);
        }
        let cells: Vec<String> =
            metrics.iter().map(|m| grouped(format!("{:.*}", m.decimals, m.value))).collect();
        let Findings { gaps, repeats } = findings;
        self.table_line(&format!(
            "| {case} | {} | gaps={gaps} repeats={repeats} |",
            cells.join(" | ")
        ));
        if self.json {
            println!("{}", self.json_line(scenario, case, runs.len(), &metrics, findings));
        }
        Ok(())
    }

    /// Fails if any `seq` was missing or came twice.
    pub fn verdict(&self) -> Result<()> {
        let Findings { gaps, repeats } = self.findings;
        if self.findings.clean() {
            return Ok(());
        }
        Err(format!("the server has broken its promise of order: gaps={gaps} repeats={repeats}")
            .into())
    }

    fn heading(&self, scenario: &str, about: &str, metrics: &[Metric]) {
        let names: Vec<&str> = metrics.iter().map(|metric| metric.heading).collect();
        self.table_line(&format!("\n**{scenario}**: {about}\n"));
        self.table_line(&format!("| case | {} | check |", names.join(" | ")));
        self.table_line(&format!("|---|{}---|", "---:|".repeat(names.len())));
    }

    /// The tables leave stdout to the JSON when both are wanted.
    fn table_line(&self, line: &str) {
        if self.json {
            eprintln!("{line}");
        } else {
            println!("{line}");
        }
    }

    /// Put together by hand to keep the order of the columns.
    fn json_line(
        &self,
        scenario: &str,
        case: &str,
        runs: usize,
        metrics: &[Metric],
        findings: Findings,
    ) -> String {
        let mut fields = vec![
            ("scenario", json!(scenario)),
            ("case", json!(case)),
            ("runs", json!(runs)),
            ("tls", json!(self.tls)),
            ("deflate", json!(self.deflate)),
            ("content_bytes", json!(self.content)),
        ];
        for metric in metrics {
            let scale = 10f64.powi(metric.decimals as i32 + 1);
            fields.push((metric.key, json!((metric.value * scale).round() / scale)));
        }
        fields.push(("gaps", json!(findings.gaps)));
        fields.push(("repeats", json!(findings.repeats)));
        let fields: Vec<String> =
            fields.into_iter().map(|(key, value)| format!("{}:{value}", json!(key))).collect();
        format!("{{{}}}", fields.join(","))
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { (values[middle - 1] + values[middle]) / 2.0 }
}

/// `1234567.8` as `1,234,567.8`.
pub fn grouped(number: impl Display) -> String {
    let number = number.to_string();
    let whole = number.find('.').unwrap_or(number.len());
    let mut text = String::new();
    for (index, digit) in number.char_indices() {
        if (1..whole).contains(&index) && (whole - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
