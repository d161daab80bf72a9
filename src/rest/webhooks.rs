//! Webhooks, as administrators see them.

use actix_web::web;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    State,
    extract::Admin,
    reply::{Done, Reply},
    request::{ByNumber, NoFields, OfId},
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

pub(super) async fn list(
    _: Admin,
    state: web::Data<State>,
    _: NoFields,
) -> Result<Reply<Targets>, ApiError> {
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
    Ok(Reply::ok(Targets { webhooks }))
}

pub(super) async fn dead(
    _: Admin,
    state: web::Data<State>,
    ByNumber { after, limit }: ByNumber,
) -> Result<Reply<Letters<'static>>, ApiError> {
    let (letters, has_more) = state.reader.dead_letters(after.0, limit.0).await?;
    let dead = letters.iter().map(LetterView::from).collect();
    Ok(Reply::ok(Letters { dead, has_more }))
}

async fn replayed(state: &State, id: Option<i64>) -> Result<usize, ApiError> {
    let at = crate::clock::now();
    let count = state.commit(ReplayOutbox { id, at }).await?;
    state.outbox_wake.notify_one();
    Ok(count)
}

pub(super) async fn replay_all(
    _: Admin,
    state: web::Data<State>,
    _: NoFields,
) -> Result<Reply<Replayed>, ApiError> {
    Ok(Reply::ok(Replayed { replayed: replayed(&state, None).await? }))
}

pub(super) async fn replay(
    _: Admin,
    state: web::Data<State>,
    OfId { id }: OfId,
) -> Result<Reply<Done>, ApiError> {
    match replayed(&state, Some(letter_id(&id)?)).await? {
        0 => Err(ApiError::not_found("dead letter")),
        _ => Ok(Reply::done()),
    }
}

pub(super) async fn delete(
    _: Admin,
    state: web::Data<State>,
    OfId { id }: OfId,
) -> Result<Reply<Done>, ApiError> {
    match state.commit(DropLetter { id: letter_id(&id)? }).await? {
        1 => Ok(Reply::done()),
        _ => Err(ApiError::not_found("dead letter")),
    }
}

fn letter_id(text: &str) -> Result<i64, ApiError> {
    text.parse().map_err(|_| ApiError::not_found("dead letter"))
}
