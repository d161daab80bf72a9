//! Tells devices what they are to be told.
//!
//! A note is made when it is sent, from what is so then: what was read meanwhile is not told.
//! One user is told of one room or thread at a time, on all of their devices, so that the
//! number of what is unread never goes back; and of those who are told over the same service
//! or host some at a time, so that the others are told while one hangs.

use std::time::Duration;

use actix::Addr;
use futures_util::{StreamExt, future::join_all, stream::FuturesUnordered};
use tokio::{
    sync::{Semaphore, watch},
    time::{Instant, sleep, sleep_until},
};

use super::{
    Sent, Services,
    busy::Busy,
    task::{Quiet, Task},
    texts::PushTexts,
};
use crate::{
    backoff::delay,
    clock::now,
    db::{DuePush, PushNews, PushResult, ReadError, Reader, SettlePush, Writer, submit},
    log_throttle::LogThrottleByText,
    metrics::metrics,
};
use parlor_domain::{
    PushNote, Seq, Timestamp, UserKey,
    limits::{PUSH_AGAIN_MAX, PUSH_ATTEMPTS, PUSH_COUNTED_AT_ONCE, PUSH_DUE, PUSH_LOOK, PUSH_NEXT},
};

/// Sends what is due.
pub struct PushSender {
    services: Services,
    texts: PushTexts,
    reader: Reader,
    writer: Addr<Writer>,
}

static COUNTING: Semaphore = Semaphore::const_new(PUSH_COUNTED_AT_ONCE);

impl PushSender {
    pub fn new(services: Services, texts: PushTexts, reader: Reader, writer: Addr<Writer>) -> Self {
        Self { services, texts, reader, writer }
    }

    /// Runs for as long as the server does; of several nodes only the one that `leads`
    /// sends.
    pub async fn run(self, mut leads: watch::Receiver<bool>) {
        let (mut busy, mut under_way) = (Busy::default(), FuturesUnordered::new());
        let mut look_at = Instant::now();
        loop {
            if under_way.is_empty() && leads.wait_for(|leads| *leads).await.is_err() {
                return;
            }
            tokio::select! {
                Some(user) = under_way.next() => {
                    busy.free(user);
                    look_at = look_at.min(Instant::now() + PUSH_NEXT);
                }
                () = sleep_until(look_at) => {
                    look_at = Instant::now() + PUSH_LOOK;
                    if *leads.borrow() {
                        let due = self.due(&mut busy).await;
                        if !due.is_empty() {
                            look_at = Instant::now() + PUSH_NEXT;
                        }
                        under_way.extend(due.into_iter().map(|due| self.tell(due)));
                    }
                }
            }
        }
    }

    /// Who is told of what now. What fails is logged where it does, and tried again with the
    /// next look.
    async fn due(&self, busy: &mut Busy) -> Vec<Vec<DuePush>> {
        if busy.places() == 0 {
            return Vec::new();
        }
        let (users, full) = (busy.users(), busy.full_lanes());
        let due = self.reader.due_pushes(users, full, now(), PUSH_DUE).await.unwrap_or_default();
        let mut told: Vec<Vec<DuePush>> = Vec::new();
        for one in due {
            let is_same = |other: &&mut Vec<DuePush>| {
                other.iter().any(|other| {
                    let (one, other) = (&one.place, &other.place);
                    (one.user, one.room, one.thread) == (other.user, other.room, other.thread)
                })
            };
            match told.iter_mut().find(is_same) {
                Some(same) => same.push(one),
                None => told.push(vec![one]),
            }
        }
        told.retain(|due| {
            let lanes = due.iter().map(|due| due.lane.clone()).collect();
            busy.take(due[0].place.user, lanes)
        });
        told
    }

    /// Tells a user of one room or thread on their devices; gives whom.
    async fn tell(&self, due: Vec<DuePush>) -> UserKey {
        let user = due[0].place.user;
        match self.made(&due).await {
            Ok(made) => {
                join_all(due.iter().zip(made).map(|(due, made)| self.carry_out(due, made))).await;
            }
            // It is logged where it failed, and tried again.
            Err(ReadError) => sleep(PUSH_LOOK).await,
        }
        user
    }

    /// What is done of each note, with what is sent.
    async fn made(&self, due: &[DuePush]) -> Result<Vec<(Task, Option<PushNote>)>, ReadError> {
        let place = &due[0].place;
        let quiet = self.reader.quiet_time(place.user).await?;
        let quiet = quiet.and_then(|time| Some(Quiet { time, over_at: time.over_at(now())? }));
        let news = self.reader.push_news(place.user, place.room, place.thread).await?;
        let newest = news.as_ref().map(|news| news.newest.seq);
        let tasks: Vec<Task> = due.iter().map(|due| Task::of(due, newest, quiet)).collect();
        // Of what is not told the number may have been told before it was read.
        let may_be_wrong = |(due, task): (&DuePush, &Task)| {
            *task == Task::Nothing && due.shown.is_none() && due.badge.is_some()
        };
        let is_told = |task: &Task| matches!(task, Task::Show | Task::TakeAway);
        if !tasks.iter().any(is_told) && !due.iter().zip(&tasks).any(may_be_wrong) {
            return Ok(tasks.into_iter().map(|task| (task, None)).collect());
        }
        let badge = {
            let _place = COUNTING.acquire().await;
            self.reader.unread_summary(place.user, 0).await?.unread
        };
        let made = due.iter().zip(tasks).map(|(due, task)| {
            let task = match may_be_wrong((due, &task)) && due.badge != Some(badge) {
                true => Task::TakeAway,
                false => task,
            };
            (task, self.note(due, task, news.as_ref(), badge))
        });
        Ok(made.collect())
    }

    fn note(
        &self,
        due: &DuePush,
        task: Task,
        news: Option<&PushNews>,
        badge: i64,
    ) -> Option<PushNote> {
        let (message, seq, alert) = match (task, news) {
            (Task::Show, Some(news)) => {
                (Some(news.newest.id), news.newest.seq, Some(self.texts.alert(news)))
            }
            (Task::TakeAway, _) => (None, due.shown.unwrap_or(due.last), None),
            _ => return None,
        };
        let (room, thread) = (due.room.clone(), due.place.thread);
        Some(PushNote { room, thread, message, seq, badge, alert })
    }

    async fn carry_out(&self, due: &DuePush, (task, note): (Task, Option<PushNote>)) {
        let result = match (&note, &due.address, task) {
            (_, None, _) => PushResult::GivenUp,
            (Some(note), Some(address), _) => {
                let at = now();
                let sent = self.services.send(address, note, at).await;
                let service = address.service().as_str();
                match sent {
                    Sent::Done => {
                        metrics().pushed(service);
                        told(note, at)
                    }
                    Sent::Gone => {
                        metrics().push_gone(service);
                        PushResult::Gone { address: address.as_str().to_owned() }
                    }
                    Sent::Again { after, error } => {
                        metrics().push_failed(service);
                        again(due, after, &error)
                    }
                    Sent::Refused { error } => {
                        metrics().push_failed(service);
                        log_given_up(service, &error);
                        PushResult::GivenUp
                    }
                }
            }
            (None, _, Task::Wait(Quiet { time, over_at })) => {
                PushResult::Later { at: over_at, quiet: time }
            }
            (None, ..) => PushResult::Nothing,
        };
        // What was taken away may have made place for what waits until it is not quiet.
        let known = match task {
            Task::TakeAway
                if due.first <= due.last && due.shown.is_some_and(|at| at < due.first) =>
            {
                Seq(due.first.0 - 1)
            }
            _ => due.last,
        };
        let write = SettlePush { place: due.place.clone(), known, result };
        // Sent again it would be there twice: until that is noted, nothing else is told.
        while submit(&self.writer, write.clone()).await.is_err() {
            sleep(PUSH_LOOK).await;
        }
    }
}

/// What came of a note that was taken.
fn told(note: &PushNote, at: Timestamp) -> PushResult {
    let (seq, badge) = (note.seq, note.badge);
    match note.message {
        Some(message) => PushResult::Shown { seq, message, badge, at },
        None => PushResult::TakenAway { badge, at },
    }
}

fn again(due: &DuePush, after: Option<Duration>, error: &str) -> PushResult {
    if due.attempts + 1 >= PUSH_ATTEMPTS {
        log_given_up(&due.lane, error);
        return PushResult::GivenUp;
    }
    let wait = delay(due.attempts, rand::random()).max(after.unwrap_or_default());
    let wait = i64::try_from(wait.min(PUSH_AGAIN_MAX).as_millis()).unwrap_or(i64::MAX);
    PushResult::Again { at: Timestamp(now().0.saturating_add(wait)) }
}

fn log_given_up(whom: &str, error: &str) {
    static GIVEN_UP: LogThrottleByText = LogThrottleByText::new();
    let what = format!("a note to a device is given up ({whom}): {error}");
    if let Some(times) = GIVEN_UP.again(&what) {
        log::warn!("{what}{times}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::push::task::tests::due;

    #[test]
    fn a_service_may_ask_to_wait_and_after_some_attempts_it_is_given_up() {
        let last = DuePush { attempts: PUSH_ATTEMPTS - 1, ..due(1, None, false) };
        assert_eq!(again(&last, None, "away"), PushResult::GivenUp);
        let hour = i64::try_from(PUSH_AGAIN_MAX.as_millis()).expect("small");
        let PushResult::Again { at } = again(&due(1, None, false), Some(Duration::MAX), "away")
        else {
            panic!("it is tried again");
        };
        let wait = at.0 - now().0;
        assert!((hour - 5_000..=hour).contains(&wait), "{wait}");
    }
}
