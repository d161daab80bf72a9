//! Carries out what applications have submitted in transactions of their own
//! (`parlor_publish`, `parlor_send`), on the node that leads.
//!
//! A row is asked for as over REST, and deleted when that has committed: at least
//! once, and because of its key once. In a room the next one is asked for when the one
//! before is committed, or refused for good. So whoever repeats some of it, after a crash or
//! because two nodes take themselves for the one that leads, finds done what was done, and
//! does the rest in the same order.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::{FutureExt, StreamExt, stream::FuturesUnordered};
use serde_json::Map;
use tokio::{
    sync::watch,
    time::{sleep, sleep_until, timeout},
};

use super::{
    door::{Answered, Door, read},
    lanes::{Lanes, Pace},
};
use crate::{
    chat::ChatError,
    db::{Nodes, Refused, Submission},
    log_throttle::LogThrottleByText,
    metrics::metrics,
    operations::{publish::PublishToRoom, send::Send},
    protocol::Input,
};
use parlor_domain::{
    RoomId,
    limits::{SUBMISSION_FRESH, SUBMISSION_PAUSE, SUBMISSION_TIME},
};

/// The state of the task.
pub struct Submissions {
    nodes: Nodes,
    /// This node's incarnation.
    me: watch::Receiver<Arc<str>>,
    leads: watch::Receiver<bool>,
    every: Duration,
    door: Door,
}

/// What became of the rows of one room.
struct Ended {
    room: RoomId,
    done: Vec<i64>,
    refused: Vec<Refused>,
}

impl Submissions {
    /// `every` is how often is looked where nothing has been submitted for a while.
    pub fn new(
        nodes: Nodes,
        me: watch::Receiver<Arc<str>>,
        leads: watch::Receiver<bool>,
        every: Duration,
        door: Door,
    ) -> Self {
        Self { nodes, me, leads, every, door }
    }

    /// Runs for as long as the server does.
    pub async fn run(mut self) {
        let (mut lanes, mut pace) = (Lanes::default(), Pace::new(self.every));
        let mut under_way = FuturesUnordered::new();
        let mut look_at = Instant::now();
        loop {
            let looks = *self.leads.borrow() && lanes.has_places();
            tokio::select! {
                Some(first) = under_way.next() => {
                    // All that have ended by now, in one statement.
                    let mut ended = vec![first];
                    while let Some(Some(more)) = under_way.next().now_or_never() {
                        ended.push(more);
                    }
                    let is_settled = self.settle(&ended).await;
                    ended.iter().for_each(|lane: &Ended| lanes.ended(&lane.room));
                    let pause = if is_settled { Duration::ZERO } else { SUBMISSION_PAUSE };
                    look_at = Instant::now() + pause;
                }
                () = sleep_until(look_at.into()), if looks => {
                    let read_at = Instant::now();
                    let found = self.look(&lanes).await;
                    if !found.is_empty() {
                        pace.found(read_at);
                    }
                    let carry_out = |rows| carry_out(self.door.clone(), rows, read_at);
                    under_way.extend(lanes.take(found).into_iter().map(carry_out));
                    look_at = Instant::now() + pace.pause(read_at);
                }
                changed = self.leads.changed() => {
                    if changed.is_err() {
                        return;
                    }
                }
            }
        }
    }

    async fn look(&self, lanes: &Lanes) -> Vec<Submission> {
        let me = self.me.borrow().clone();
        let (after, busy) = lanes.next();
        self.nodes.submissions(&me, after, &busy).await.unwrap_or_else(|error| {
            failed("read submissions", &error);
            Vec::new()
        })
    }

    /// Says whether it could be done; if not, it is all read again, and found done.
    async fn settle(&self, ended: &[Ended]) -> bool {
        let done: Vec<i64> = ended.iter().flat_map(|lane| &lane.done).copied().collect();
        let refused: Vec<Refused> = ended.iter().flat_map(|lane| &lane.refused).cloned().collect();
        if done.is_empty() && refused.is_empty() {
            return true;
        }
        let settled = self.nodes.settle_submissions(&done, &refused).await;
        match &settled {
            Ok(()) => {
                metrics().submissions.inc_by(done.len() as u64);
                metrics().submissions_refused.inc_by(refused.len() as u64);
                refused.iter().for_each(log_refused);
            }
            Err(error) => failed("settle submissions", error),
        }
        settled.is_ok()
    }
}

fn failed(what: &str, error: &str) {
    static FAILED: LogThrottleByText = LogThrottleByText::new();
    if let Some(times) = FAILED.again(error) {
        log::error!("cannot {what}: {error}{times}");
    }
}

/// Its reason stands in the table, too; here it is said once for all of a kind.
fn log_refused(Refused { id, why }: &Refused) {
    static REFUSED: LogThrottleByText = LogThrottleByText::new();
    if let Some(times) = REFUSED.again(why) {
        log::warn!("submission {id} was refused: {why}{times}");
    }
}

/// Carries out what was read of a room, as far as it can be now.
async fn carry_out(door: Door, rows: Vec<Submission>, read_at: Instant) -> Ended {
    let room = rows.first().map_or_else(|| RoomId::from_stored(""), |row| row.room.clone());
    let (mut done, mut refused) = (Vec::new(), Vec::new());
    for row in rows {
        // After a freeze others may have done the rest, so long ago that its keys are forgotten.
        if read_at.elapsed() > SUBMISSION_FRESH {
            break;
        }
        let id = row.id;
        match once(&door, row).await {
            Ok(()) => done.push(id),
            Err(Why::Refused(why)) => refused.push(Refused { id, why }),
            Err(Why::NotNow) => {
                sleep(SUBMISSION_PAUSE).await;
                break;
            }
        }
    }
    Ended { room, done, refused }
}

/// Why something was not carried out.
enum Why {
    /// It never will be.
    Refused(String),
    NotNow,
}

async fn once(door: &Door, row: Submission) -> Result<(), Why> {
    let asked = ask(door, row);
    let answer = async { asked.await.map_err(Why::Refused)?.await.map_err(Why::from) };
    // It may still be done later; the same again is then a repeat.
    timeout(SUBMISSION_TIME, answer).await.unwrap_or(Err(Why::NotNow))
}

impl From<ChatError> for Why {
    fn from(error: ChatError) -> Self {
        if error.is_fault() { Self::Refused(error.to_string()) } else { Self::NotNow }
    }
}

/// The functions have checked most of it; what is wrong all the same is refused.
async fn ask(door: &Door, row: Submission) -> Result<Answered, String> {
    let Submission { id: _, room, sender, request } = row;
    let fields: Map<_, _> = serde_json::from_str(&request).map_err(|error| error.to_string())?;
    let mut input = Input::of(fields);
    input.add("room_id", room.as_str().to_owned());
    let rules = door.rules();
    Ok(match sender {
        None => {
            let publish = read::<PublishToRoom>(input, &rules);
            door.publish(publish.map_err(|refusal| refusal.message)?)
        }
        Some(sender) => {
            let send = read::<Send>(input, &rules).map_err(|refusal| refusal.message)?;
            door.say(&sender, send).await
        }
    })
}
