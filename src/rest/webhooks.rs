//! Webhooks, as administrators see them.

use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    State,
    extract::{Admin, NumberQuery},
};
use crate::{
    db::{DropLetter, Letter, ReplayOutbox},
    error::ApiError,
};
use parlor_domain::Timestamp;

#[derive(Serialize, Default, JsonSchema)]
struct TargetView {
    url: String,
    waiting: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    oldest: Option<String>,
    dead: i64,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Targets {
    webhooks: Vec<TargetView>,
}

#[derive(Serialize, JsonSchema)]
struct LetterView<'a> {
    id: i64,
    url: String,
    #[serde(rename = "type")]
    kind: &'a str,
    lane: &'a str,
    at: String,
    attempts: i64,
    error: &'a str,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Letters<'a> {
    dead: Vec<LetterView<'a>>,
    has_more: bool,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Replayed {
    replayed: usize,
}

/// Without a password that may be in it.
fn shown(url: &str) -> String {
    match reqwest::Url::parse(url) {
        Ok(mut url) => {
            let _ = url.set_password(None);
            url.set_query(None);
            url.to_string()
        }
        Err(_) => String::new(),
    }
}

impl<'a> From<&'a Letter> for LetterView<'a> {
    fn from(letter: &'a Letter) -> Self {
        let Letter { id, target, lane, kind, at, attempts, error, .. } = letter;
        Self {
            id: *id,
            url: shown(target),
            kind,
            lane,
            at: at.to_rfc3339(),
            attempts: *attempts,
            error,
        }
    }
}

pub async fn list(state: web::Data<State>, Admin(_): Admin) -> Result<HttpResponse, ApiError> {
    let backlogs = state.reader.backlogs().await?;
    let mut webhooks: Vec<TargetView> = Vec::new();
    for url in &*state.webhooks {
        let mut view = TargetView { url: shown(url), ..TargetView::default() };
        for backlog in backlogs.iter().filter(|backlog| *backlog.target == **url) {
            if backlog.dead {
                view.dead = backlog.count;
            } else {
                view.waiting = backlog.count;
                view.oldest = backlog.oldest.map(Timestamp::to_rfc3339);
            }
        }
        webhooks.push(view);
    }
    Ok(HttpResponse::Ok().json(Targets { webhooks }))
}

pub async fn dead(
    state: web::Data<State>,
    Admin(_): Admin,
    query: web::Query<NumberQuery>,
) -> Result<HttpResponse, ApiError> {
    let (after, limit) = query.after()?;
    let (letters, has_more) = state.reader.dead_letters(after, limit).await?;
    let dead = letters.iter().map(LetterView::from).collect();
    Ok(HttpResponse::Ok().json(Letters { dead, has_more }))
}

async fn replayed(state: &State, id: Option<i64>) -> Result<usize, ApiError> {
    let at = crate::clock::now();
    let count = state.commit(ReplayOutbox { id, at }).await?;
    state.outbox_wake.notify_one();
    Ok(count)
}

pub async fn replay_all(
    state: web::Data<State>,
    Admin(_): Admin,
) -> Result<HttpResponse, ApiError> {
    let replayed = replayed(&state, None).await?;
    Ok(HttpResponse::Ok().json(Replayed { replayed }))
}

pub async fn replay(
    state: web::Data<State>,
    Admin(_): Admin,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    match replayed(&state, Some(letter_id(&id)?)).await? {
        0 => Err(ApiError::not_found("dead letter")),
        _ => Ok(HttpResponse::NoContent().finish()),
    }
}

pub async fn delete(
    state: web::Data<State>,
    Admin(_): Admin,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    match state.commit(DropLetter { id: letter_id(&id)? }).await? {
        1 => Ok(HttpResponse::NoContent().finish()),
        _ => Err(ApiError::not_found("dead letter")),
    }
}

fn letter_id(text: &str) -> Result<i64, ApiError> {
    text.parse().map_err(|_| ApiError::not_found("dead letter"))
}
