//! What came of an import, line by line where something was left out.

use std::{borrow::Cow, collections::BTreeMap, fmt::Write};

use super::super::{Failure, output};
use crate::db::{Imported, Problem, Tally};

#[derive(Default)]
pub(super) struct Report {
    /// By the type of line.
    tallies: BTreeMap<Cow<'static, str>, Tally>,
    /// Lines that were not understood.
    refused: u64,
    /// Lines and fields that were left out.
    problems: u64,
}

impl Report {
    /// A line that is not understood.
    pub fn refuse(&mut self, line: u64, code: &str, what: &str) -> Result<(), Failure> {
        self.refused += 1;
        self.problems += 1;
        output::answer(&format!("line {line}: {code}: {what}\n"))
    }

    /// A part of a line that is imported without it.
    pub fn leave_out_part(&mut self, line: u64, code: &str, what: &str) -> Result<(), Failure> {
        self.problems += 1;
        output::answer(&format!("line {line}: {code}: {what}\n"))
    }

    pub fn add(&mut self, imported: &Imported) -> Result<(), Failure> {
        let counts = imported.tallies.iter().map(|(kind, tally)| ((*kind).into(), *tally));
        let lines = imported.problems.iter().map(|problem| {
            let Problem { line, kind, field, why } = problem;
            format!("line {line}: {}: {kind}.{field} {why}\n", why.code())
        });
        self.take(counts, lines)
    }

    /// What a server says of some lines.
    pub fn add_told(
        &mut self,
        counts: impl Iterator<Item = (String, Tally)>,
        invalid: u64,
        problems: &[(u64, String, String)],
    ) -> Result<(), Failure> {
        self.refused += invalid;
        let lines =
            problems.iter().map(|(line, code, what)| format!("line {line}: {code}: {what}\n"));
        self.take(counts.map(|(kind, tally)| (kind.into(), tally)), lines)
    }

    fn take(
        &mut self,
        counts: impl Iterator<Item = (Cow<'static, str>, Tally)>,
        lines: impl ExactSizeIterator<Item = String>,
    ) -> Result<(), Failure> {
        for (kind, tally) in counts {
            self.tallies.entry(kind).or_default().add(tally);
        }
        self.problems += lines.len() as u64;
        output::answer(&lines.collect::<String>())
    }

    pub fn has_problems(&self) -> bool {
        self.problems > 0
    }

    /// Says how much of what there was, and fails if anything was left out.
    pub fn end(&self, is_dry: bool) -> Result<(), Failure> {
        output::answer(&self.shown())?;
        if is_dry {
            output::answer("a dry run: nothing was stored\n")?;
        }
        match self.problems {
            0 => Ok(()),
            problems => Err(Failure::environment(format!(
                "{problems} lines or fields were left out: the report says which and why"
            ))),
        }
    }

    fn shown(&self) -> String {
        let head = ["imported", "present", "left out"];
        let mut text = format!("{:<10} {:>12} {:>12} {:>12}\n", "", head[0], head[1], head[2]);
        for (kind, Tally { imported, present, left_out }) in &self.tallies {
            let _ = writeln!(text, "{kind:<10} {imported:>12} {present:>12} {left_out:>12}");
        }
        if self.refused > 0 {
            let _ = writeln!(text, "{:<10} {:>12} {:>12} {:>12}", "(invalid)", 0, 0, self.refused);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_types_of_lines_are_told_and_those_that_were_none() {
        let tally = Tally { imported: 5, present: 2, left_out: 1 };
        let mut report = Report { refused: 3, ..Report::default() };
        let mut imported = Imported::default();
        imported.tallies.insert("room", tally);
        report.add(&imported).expect("written");
        report.add(&imported).expect("written");
        let shown = report.shown();
        let words: Vec<Vec<&str>> =
            shown.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(words[1], ["room", "10", "4", "2"]);
        assert_eq!(words[2], ["(invalid)", "0", "0", "3"]);
    }
}
