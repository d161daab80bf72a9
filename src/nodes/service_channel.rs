//! Events of other programs, from a channel of Redis: at most once. What is published
//! while nobody listens, or faster than it can be stored, is lost.
//!
//! Every node hears the channel; the one that leads takes what is said.

use std::{collections::HashMap, convert::Infallible};

use redis::{ErrorKind, PushInfo, PushKind, RedisError, RedisResult, Value};
use serde_json::value::RawValue;
use tokio::{
    sync::{mpsc, watch},
    time::{interval, sleep},
};

use super::{
    door::{Answered, Door},
    event::ServiceEvent,
    redis_connection::{Pushes, RedisConnection, RedisUrl, cause, pause},
};
use crate::{
    log_throttle::{LogThrottle, LogThrottleByText},
    metrics::metrics,
};
use parlor_domain::limits::{REDIS_PING, SERVICE_BATCH, SERVICE_PAYLOAD, SERVICE_WAITING};

/// The state of the task.
pub struct ServiceChannel {
    url: RedisUrl,
    channel: String,
    leads: watch::Receiver<bool>,
    door: Door,
}

impl ServiceChannel {
    pub fn new(url: RedisUrl, channel: String, leads: watch::Receiver<bool>, door: Door) -> Self {
        Self { url, channel, leads, door }
    }

    /// Runs for as long as the server does.
    pub async fn run(self) {
        let (queue, waiting) = mpsc::channel(SERVICE_WAITING);
        tokio::join!(self.listen(queue), carry_out(waiting, self.door.clone()));
    }

    async fn listen(&self, queue: mpsc::Sender<Vec<u8>>) {
        let mut tries = 0;
        loop {
            let ended = self.hear(&queue, &mut tries).await;
            // Again and again it is one failure, until it could be heard.
            if tries == 0 {
                log::warn!("cannot listen to the service channel: {}", cause(&ended));
            }
            sleep(pause(tries)).await;
            tries += 1;
        }
    }

    /// Hears the channel until the connection ends; says why it has.
    async fn hear(&self, queue: &mpsc::Sender<Vec<u8>>, tries: &mut u32) -> RedisError {
        let Err(ended) = self.hear_on(queue, tries).await;
        ended
    }

    async fn hear_on(
        &self,
        queue: &mpsc::Sender<Vec<u8>>,
        tries: &mut u32,
    ) -> RedisResult<Infallible> {
        let (mut connection, mut pushes): (_, Pushes) = RedisConnection::connect(&self.url).await?;
        let mut subscribe = redis::pipe();
        subscribe.cmd("SUBSCRIBE").arg(&self.channel);
        connection.run::<Value>(&subscribe).await?;
        *tries = 0;
        let mut ping = interval(REDIS_PING);
        loop {
            tokio::select! {
                push = pushes.recv() => match push {
                    Some(PushInfo { kind: PushKind::Message, data }) => self.heard(data, queue),
                    Some(PushInfo { kind: PushKind::Disconnection, .. }) | None => {
                        return Err((ErrorKind::Io, "the connection has ended").into());
                    }
                    Some(_) => {}
                },
                _ = ping.tick() => connection.ping().await?,
            }
        }
    }

    fn heard(&self, mut data: Vec<Value>, queue: &mpsc::Sender<Vec<u8>>) {
        static DROPPED: LogThrottle = LogThrottle::new();
        let Some(Value::BulkString(said)) = data.pop() else { return };
        if !*self.leads.borrow() {
            return;
        }
        if queue.try_send(said).is_err() {
            metrics().service_dropped.inc();
            if let Some(times) = DROPPED.again() {
                log::warn!("more is published to the service channel than is stored: {times} lost");
            }
        }
    }
}

/// Has what was said done in its order, many at once.
async fn carry_out(mut waiting: mpsc::Receiver<Vec<u8>>, door: Door) {
    while let Some(first) = waiting.recv().await {
        let (mut next, mut asked) = (Some(first), Vec::new());
        while let Some(said) = next {
            match read(&said, &door) {
                Ok(event) => {
                    if event.looks_back() {
                        settle(std::mem::take(&mut asked)).await;
                    }
                    asked.push(event.ask(&door).await);
                }
                Err(why) => refuse(&why),
            }
            next = if asked.len() < SERVICE_BATCH { waiting.try_recv().ok() } else { None };
        }
        settle(asked).await;
    }
}

async fn settle(asked: Vec<Answered>) {
    for answer in asked {
        if let Err(error) = answer.await {
            refuse(&error.to_string());
        }
    }
}

/// Nobody waits for an answer: the log says what was lost.
fn refuse(why: &str) {
    static REFUSED: LogThrottleByText = LogThrottleByText::new();
    metrics().service_dropped.inc();
    if let Some(times) = REFUSED.again(why) {
        log::warn!("what the service channel said cannot be published: {why}{times}");
    }
}

/// An object with the fields of an entry of the stream, of which `data` is any JSON.
fn read(said: &[u8], door: &Door) -> Result<ServiceEvent, String> {
    if said.len() > SERVICE_PAYLOAD {
        return Err(format!("it has more than {SERVICE_PAYLOAD} bytes"));
    }
    let fields: HashMap<&str, &RawValue> =
        serde_json::from_slice(said).map_err(|_| "it is no JSON object")?;
    let field = |name: &str| {
        let text = fields.get(name)?.get();
        match name {
            "data" => Some(text.to_owned()),
            _ if matches!(text, "null" | "false") => None,
            _ => Some(serde_json::from_str(text).unwrap_or_else(|_| text.to_owned())),
        }
    };
    ServiceEvent::read(None, field, &door.rules())
}
