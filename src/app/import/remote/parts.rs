//! `POST /import`: some lines, and what came of them.

use reqwest::{Method, header};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::super::super::Failure;
use crate::remote::{Failed, Server};
use parlor_domain::limits::IMPORT_REPORT_BYTES;

/// Lines of a file, the first of them as in the file.
#[derive(Serialize)]
pub(super) struct Request<'a> {
    pub lines: &'a [Box<RawValue>],
    pub strict: bool,
    pub dry_run: bool,
}

#[derive(Deserialize)]
pub(super) struct Answer {
    pub counts: Vec<Count>,
    pub problems: Vec<Problem>,
    pub invalid: u64,
    pub stored: bool,
}

#[derive(Deserialize)]
pub(super) struct Count {
    #[serde(rename = "type")]
    pub kind: String,
    pub imported: u64,
    pub present: u64,
    pub left_out: u64,
}

#[derive(Deserialize)]
pub(super) struct Problem {
    /// In the request.
    pub line: u64,
    pub code: String,
    pub message: String,
}

impl Request<'_> {
    pub async fn send(&self, to: &Server) -> Result<Answer, Failure> {
        let body = serde_json::to_vec(self).map_err(Failure::environment)?;
        let url = to.url(&["import"]);
        let once = || {
            let request = to.request(Method::POST, url.clone());
            let request = request.header(header::CONTENT_TYPE, "application/json");
            to.read_json(request.body(body.clone()), IMPORT_REPORT_BYTES)
        };
        to.answer(once).await.map_err(|failed| interrupted(&url, &failed))
    }
}

/// Why the import ends here.
pub(super) fn interrupted(url: &reqwest::Url, failed: &Failed) -> Failure {
    Failure::environment(format!(
        "{url}: {}; what was stored before stays, and the same command goes on from there",
        failed.shown()
    ))
}
