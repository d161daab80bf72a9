//! Reports to those who moderate.

use std::time::Duration;

/// Reports of one user that are not decided: no more than one who is bothered by many can
/// have cause for, so that nobody fills the queue of others. Beyond: `conflict`.
pub const REPORTS_PER_USER: i64 = 100;
/// Reports that are kept when they have been decided; beyond, the oldest go.
pub const REPORTS_DECIDED: i64 = 10_000;
/// Of those who have reported the same, the first so many are shown.
pub const REPORTERS_SHOWN: i64 = 100;
/// Characters of what one writes to a report.
pub const REPORT_NOTE_CHARS: usize = 500;
/// Who has begun to decide a report and has not done it for so long will not: longer than any
/// answer is waited for.
pub const REPORT_CLAIM: Duration = Duration::from_secs(60);
/// Messages before and behind a reported one that are shown with it, each.
pub const REPORT_CONTEXT: i64 = 10;
