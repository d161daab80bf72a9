//! What is left in memory of what anybody can cause: logins, and answers that
//! nobody reads. It should be flat.

use std::time::Duration;

use serde_json::json;

use super::{Case, metric, with_server};
use crate::{
    Result,
    audit::Findings,
    process::Server,
    report::Measured,
    rest::{Rest, create_rooms},
};

const LOGINS: usize = 1_500;
/// Enough that all hashes at once have been made.
const FIRST_LOGINS: usize = 50;
const UNREAD: usize = 100;
/// Of the room whose pages are asked for, so that each has the largest size.
const MESSAGES: usize = 200;
const CONTENT: usize = 16_000;
/// For what is given back a moment later.
const REST: Duration = Duration::from_secs(3);
const SETTINGS: &[(&str, &str)] = &[("PARLOR_ACCOUNTS", "on"), ("PARLOR_LOGINS_PER_MINUTE", "0")];

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("1,500 logins", |options| with_server(options, SETTINGS, |s| logins(s))),
        Case::new("100 unread answers", |options| with_server(options, SETTINGS, |s| unread(s))),
    ]
}

fn logins(server: &Server) -> Result<Measured> {
    let start = server.resident_kib()?;
    let body = json!({ "user_id": "ann", "password": "correct horse" }).to_string();
    let mut callers = (0..16).map(|_| Rest::connect(server)).collect::<Result<Vec<_>>>()?;
    callers[0].post("/api/v1/auth/register", "", &body)?;
    let mut first = 0;
    for login in 0..LOGINS.div_ceil(callers.len()) {
        for caller in &mut callers {
            caller.ask("POST", "/api/v1/auth/login", "", &body)?;
        }
        for caller in &mut callers {
            let (status, body) = caller.answer()?;
            if status != 200 {
                return Err(format!("a login was answered with {status}: {body}").into());
            }
        }
        if login == FIRST_LOGINS / 16 {
            first = server.resident_kib()?;
        }
    }
    measured(server, start, first, 0)
}

/// All of them by one user, who reads none.
fn unread(server: &Server) -> Result<Measured> {
    create_rooms(server, "private", &[("ann".to_owned(), "den".to_owned())])?;
    let token = server.token("ann")?;
    let mut caller = Rest::connect(server)?;
    // In JSON each is six times as long.
    let content = format!("x{}", "\u{1}".repeat(CONTENT - 1));
    let body = json!({ "content": content }).to_string();
    for _ in 0..MESSAGES {
        let (status, body) = caller.post("/api/v1/rooms/den/messages", &token, &body)?;
        if status != 201 {
            return Err(format!("a message was answered with {status}: {body}").into());
        }
    }
    let start = server.resident_kib()?;
    let path = format!("/api/v1/rooms/den/messages?limit={MESSAGES}");
    let mut held = Vec::new();
    let (mut peak, mut refused) = (0, 0);
    for _ in 0..UNREAD {
        let mut caller = Rest::connect(server)?;
        caller.ask("GET", &path, &token, "")?;
        refused += usize::from(caller.status()? == 429);
        held.push(caller);
        peak = peak.max(server.resident_kib()?);
    }
    drop(held);
    measured(server, start, peak, refused)
}

fn measured(server: &Server, start: u64, then: u64, refused: usize) -> Result<Measured> {
    std::thread::sleep(REST);
    let mib = |kib: u64| kib as f64 / 1024.0;
    let metrics = vec![
        metric("resident_start_mib", "RSS before MiB", mib(start), 1),
        metric("resident_then_mib", "after 50 logins, or at the most", mib(then), 1),
        metric("resident_end_mib", "after all", mib(server.resident_kib()?), 1),
        metric("refused", "refused", refused as f64, 0),
    ];
    Ok(Measured { metrics, findings: Findings::default() })
}
