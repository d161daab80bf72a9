//! Sends what waits.

use std::{collections::HashSet, sync::Arc, time::Duration};

use actix::Addr;
use tokio::{
    sync::{Notify, mpsc, watch},
    time::timeout,
};

use super::{Secrets, backoff::delay, payload::payload};
use crate::{
    db::{Letter, OutboxResult, OutboxTargets, Reader, Write, Writer, submit},
    domain::Timestamp,
    limits::{WEBHOOK_POLL, WEBHOOKS_AT_ONCE},
    outbound,
};

/// Who is told, and how hard it is tried.
#[derive(Clone, Debug)]
pub struct WebhookConfig {
    pub targets: OutboxTargets,
    pub secrets: Secrets,
    /// How long a receiver has for its answer.
    pub timeout: Duration,
    /// Attempts until a letter is given up.
    pub attempts: i64,
}

/// The task that sends.
pub struct Dispatcher {
    config: Arc<WebhookConfig>,
    client: reqwest::Client,
    reader: Reader,
    writer: Addr<Writer>,
    wake: Arc<Notify>,
}

fn now() -> Timestamp {
    crate::clock::now()
}

impl Dispatcher {
    pub fn new(config: WebhookConfig, reader: Reader, writer: Addr<Writer>) -> Self {
        let client = outbound::client(config.timeout);
        let wake = config.targets.wake.clone();
        Self { config: Arc::new(config), client, reader, writer, wake }
    }

    /// Runs for as long as the server does. At most [`WEBHOOKS_AT_ONCE`] are
    /// on their way, and of each lane one.
    ///
    /// Of several nodes only the one that `leads` sends: in order there is
    /// only one hand.
    pub async fn run(self, mut leads: watch::Receiver<bool>) {
        let (done, mut results) = mpsc::channel(WEBHOOKS_AT_ONCE);
        let mut under_way: HashSet<(String, String)> = HashSet::new();
        loop {
            if leads.wait_for(|leads| *leads).await.is_err() {
                return;
            }
            let next = self.send_due(&mut under_way, &done).await;
            let pause = next.map_or(WEBHOOK_POLL, |at| until(at).min(WEBHOOK_POLL));
            tokio::select! {
                Some(first) = results.recv() => {
                    let mut all = vec![first];
                    while let Ok(more) = results.try_recv() {
                        all.push(more);
                    }
                    self.settle(all, &mut under_way).await;
                }
                () = self.wake.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Sends what is due, as far as it may; gives when something else is.
    async fn send_due(
        &self,
        under_way: &mut HashSet<(String, String)>,
        done: &mpsc::Sender<(Letter, OutboxResult)>,
    ) -> Option<Timestamp> {
        if under_way.len() >= WEBHOOKS_AT_ONCE {
            return None;
        }
        // As many as could all be under way already, and as many again.
        let limit = i64::try_from(2 * WEBHOOKS_AT_ONCE).unwrap_or(1);
        let (letters, next) = self.reader.due_letters(now(), limit).await.ok()?;
        for letter in letters {
            if under_way.len() >= WEBHOOKS_AT_ONCE {
                break;
            }
            if !under_way.insert((letter.target.clone(), letter.lane.clone())) {
                continue;
            }
            let attempt = attempt(
                self.config.clone(),
                self.client.clone(),
                self.reader.clone(),
                letter,
                done.clone(),
            );
            actix_web::rt::spawn(attempt);
        }
        next
    }

    async fn settle(
        &self,
        all: Vec<(Letter, OutboxResult)>,
        under_way: &mut HashSet<(String, String)>,
    ) {
        let results = all.iter().map(|(letter, result)| (letter.id, result.clone())).collect();
        // What cannot be written down now is sent once more: at least once.
        let _ = submit(&self.writer, Write::OutboxSettle(results)).await;
        for (letter, _) in all {
            under_way.remove(&(letter.target, letter.lane));
        }
    }
}

fn until(at: Timestamp) -> Duration {
    Duration::from_millis(u64::try_from(at.0 - now().0).unwrap_or(0).max(1))
}

/// Sends one letter, and says what came of it.
async fn attempt(
    config: Arc<WebhookConfig>,
    client: reqwest::Client,
    reader: Reader,
    letter: Letter,
    done: mpsc::Sender<(Letter, OutboxResult)>,
) {
    let sending = send(&config, &client, &reader, &letter);
    let outcome = match timeout(config.timeout, sending).await {
        Ok(outcome) => outcome,
        Err(_) => Err("no answer in time".to_owned()),
    };
    let result = match outcome {
        Ok(()) => OutboxResult::Done,
        Err(error) if letter.attempts + 1 >= config.attempts => {
            log::warn!("webhook {} is given up: {error}", letter.id);
            OutboxResult::Dead { error }
        }
        Err(error) => {
            let wait = delay(letter.attempts, rand::random());
            let wait = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
            OutboxResult::Again { at: Timestamp(now().0.saturating_add(wait)), error }
        }
    };
    // Dropped only with the dispatcher itself.
    let _ = done.send((letter, result)).await;
}

/// The answer's body is not read: whatever it is, it is nothing to us.
async fn send(
    config: &WebhookConfig,
    client: &reqwest::Client,
    reader: &Reader,
    letter: &Letter,
) -> Result<(), String> {
    let body = payload(reader, letter).await.map_err(|error| error.to_string())?;
    let id = format!("evt_{}", letter.id);
    let timestamp = now().0 / 1000;
    let signature = config.secrets.sign(&id, timestamp, &body);
    let request = client
        .post(&letter.target)
        .header("content-type", "application/json")
        .header("webhook-id", id)
        .header("webhook-timestamp", timestamp)
        .header("webhook-signature", signature)
        .body(body);
    // Without the address: there may be a password in it.
    let response = request.send().await.map_err(|error| error.without_url().to_string())?;
    match response.status() {
        status if status.is_success() => Ok(()),
        status => Err(format!("answered {status}")),
    }
}
