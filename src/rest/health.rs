//! Health checks: whether the process is alive, and whether it can serve.

use actix_web::{HttpResponse, web};
use serde::Serialize;

use super::State;
use crate::db::goes_through;

#[derive(Serialize)]
struct Live {
    status: &'static str,
}

#[derive(Serialize)]
struct Ready {
    status: &'static str,
    checks: Checks,
}

#[derive(Serialize)]
struct Checks {
    database: &'static str,
    accepting: &'static str,
    /// Whether the nodes hear each other at once; where they do not, they do
    /// a little later.
    #[serde(skip_serializing_if = "Option::is_none")]
    nodes: Option<&'static str>,
}

pub async fn live() -> HttpResponse {
    HttpResponse::Ok().json(Live { status: "ok" })
}

/// Says what is wrong, in a word: the cause is in the log.
pub async fn ready(state: web::Data<State>) -> HttpResponse {
    let database = match state.reader.ping().await {
        Err(_) => "unavailable",
        Ok(()) if !state.reader.is_in_place() => "replaced",
        // Who cannot write serves nobody, however well it reads.
        Ok(()) if !goes_through(&state.writer).await => "not writable",
        Ok(()) => "ok",
    };
    let accepting = !state.draining.has_begun();
    let checks = Checks {
        database,
        accepting: if accepting { "ok" } else { "shutting down" },
        nodes: state.health.as_ref().map(|health| match health.degraded() {
            None => "ok",
            Some(_) => "degraded",
        }),
    };
    let is_degraded = checks.nodes == Some("degraded");
    if database == "ok" && accepting {
        HttpResponse::Ok()
            .json(Ready { status: if is_degraded { "degraded" } else { "ready" }, checks })
    } else {
        HttpResponse::ServiceUnavailable().json(Ready { status: "unavailable", checks })
    }
}
