//! The question whether a user may come into a room, or read there, who is no member
//! of it.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use actix::ArbiterHandle;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::{
    OnFailure,
    client::{Answer, Callback, CallbackConfig, NoAnswer, parse, shown},
};
use crate::{
    answers::{Answers, Told},
    protocol::UserView,
};
use parlor_domain::{
    RoomId, User, UserKey, Whole,
    limits::{ACCESS_GRANTED_FOR, ACCESS_KEPT, ACCESS_REFUSED_FOR, ACCESS_SECONDS_MAX},
};
use parlor_process::span;

/// What it is called.
pub(super) const ACCESS: &str = "access";

/// Whom to ask who may come into a room, and what holds if there is no answer.
#[derive(Clone, Debug)]
pub struct AccessConfig {
    pub callback: CallbackConfig,
    pub on_failure: OnFailure,
}

/// How a user who is no member stands to a room, as the application sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Permission {
    Granted(Grant),
    /// Why not, for the user, if the application gives a reason.
    Refused(Option<Arc<str>>),
    /// It is not asked about who is banned in the room.
    Banned,
    /// It does not answer, and what holds then are the room's own rules.
    OwnRules,
    /// It does not answer, and what holds then is that nobody can say.
    Undecided,
}

impl Permission {
    pub fn grant(&self) -> Option<Grant> {
        if let Self::Granted(grant) = self { Some(*grant) } else { None }
    }
}

/// One may read in a room without being a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// And become one.
    pub may_join: bool,
    /// When the application wants to be asked again.
    pub until: Instant,
}

/// Asks who may come into a room, and keeps for a while what was answered.
#[derive(Clone)]
pub struct Permissions(Arc<Inner>);

struct Inner {
    callback: Callback,
    on_failure: OnFailure,
    /// Only ever held for a look.
    answers: Mutex<Asked>,
}

type Key = (UserKey, RoomId);
type Asked = Answers<Key, Permission>;

#[derive(Serialize)]
struct Wanted<'a> {
    user: UserView<'a>,
    room_id: &'a str,
}

type Seconds = Whole<1, ACCESS_SECONDS_MAX>;

#[derive(Deserialize)]
#[serde(tag = "action", rename_all = "lowercase")]
enum Said {
    Accept {
        #[serde(default)]
        allow: Allowed,
        seconds: Option<Seconds>,
    },
    Refuse {
        reason: Option<String>,
        seconds: Option<Seconds>,
    },
}

#[derive(Clone, Copy, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Allowed {
    #[default]
    Join,
    Read,
}

impl Permissions {
    pub(super) fn new(config: AccessConfig, answer_bytes: usize, thread: ArbiterHandle) -> Self {
        let AccessConfig { callback, on_failure } = config;
        let callback = Callback::new(ACCESS, callback, answer_bytes, thread);
        let answers = Mutex::new(Answers::new(ACCESS_KEPT));
        Self(Arc::new(Inner { callback, on_failure, answers }))
    }

    /// What the application says, or said lately.
    pub async fn ask(&self, user: &User, room: &RoomId) -> Permission {
        self.ask_for_longer(user, room, Instant::now()).await
    }

    /// The same, where what was said does not count if it holds no longer than that.
    pub async fn ask_for_longer(&self, user: &User, room: &RoomId, than: Instant) -> Permission {
        let key = (user.key, room.clone());
        let told = {
            let mut answers = self.0.answers();
            match answers.kept(&key, than) {
                Some(permission) => return permission.clone(),
                None => {
                    answers.under_way(&key).unwrap_or_else(|| self.begin(&mut answers, user, key))
                }
            }
        };
        wait(told).await
    }

    fn begin(&self, answers: &mut Asked, user: &User, key: Key) -> Told<Permission> {
        let (tell, told) = watch::channel(None);
        answers.begin(key.clone(), told.clone());
        let (inner, user) = (self.0.clone(), user.clone());
        // A task of its own: others may wait for it when the first has hung up.
        let span = span::current();
        tokio::spawn(async move {
            let asking = inner.question(&user, &key.1);
            let (permission, until) = span::within(span, asking).await;
            let kept = until.map(|until| (permission.clone(), until));
            inner.answers().end(&key, kept, Instant::now());
            tell.send_replace(Some(permission));
        });
        told
    }
}

async fn wait(mut told: Told<Permission>) -> Permission {
    let told = told.wait_for(Option::is_some).await.map(|told| told.clone());
    told.ok().flatten().unwrap_or(Permission::Undecided)
}

impl Inner {
    fn answers(&self) -> MutexGuard<'_, Asked> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the application says, and until when that is kept.
    async fn question(&self, user: &User, room: &RoomId) -> (Permission, Option<Instant>) {
        let wanted = Wanted { user: UserView::from(user), room_id: room.as_str() };
        match self.callback.ask(user.key, &wanted, read).await {
            Ok(Answer::Accept((may_join, kept_for))) => {
                let until = Instant::now() + kept_for;
                (Permission::Granted(Grant { may_join, until }), Some(until))
            }
            Ok(Answer::Refuse((reason, kept_for))) => {
                (Permission::Refused(reason), Some(Instant::now() + kept_for))
            }
            // Or whoever asks too much would get past the question.
            Err(NoAnswer::Overloaded) => (Permission::Undecided, None),
            Err(NoAnswer::Failed | NoAnswer::Open) => match self.on_failure {
                OnFailure::Open => (Permission::OwnRules, None),
                OnFailure::Closed => (Permission::Undecided, None),
            },
        }
    }
}

type Read = Answer<(bool, Duration), (Option<Arc<str>>, Duration)>;

fn read(bytes: &[u8]) -> Result<Read, String> {
    let kept_for = |seconds: Option<Seconds>, otherwise| {
        seconds.map_or(otherwise, |Whole(seconds)| Duration::from_secs(seconds.unsigned_abs()))
    };
    Ok(match parse(bytes)? {
        Said::Accept { allow, seconds } => {
            Answer::Accept((allow == Allowed::Join, kept_for(seconds, ACCESS_GRANTED_FOR)))
        }
        Said::Refuse { reason, seconds } => {
            let reason = reason.as_deref().and_then(shown);
            Answer::Refuse((reason, kept_for(seconds, ACCESS_REFUSED_FOR)))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(may_join: bool, kept_for: Duration) -> Result<Read, String> {
        Ok(Answer::Accept((may_join, kept_for)))
    }

    #[test]
    fn an_answer_says_what_one_may_and_for_how_long() {
        for (answer, expected) in [
            (r#"{"action":"accept"}"#, accepts(true, ACCESS_GRANTED_FOR)),
            (
                r#"{"action":"accept","allow":"read","seconds":5}"#,
                accepts(false, Duration::from_secs(5)),
            ),
            (
                r#"{"seconds":86400,"allow":"join","action":"accept"}"#,
                accepts(true, Duration::from_secs(86_400)),
            ),
        ] {
            assert_eq!(read(answer.as_bytes()), expected, "{answer}");
        }
        let refuses =
            |reason: Option<&str>, kept_for| Ok(Answer::Refuse((reason.map(Into::into), kept_for)));
        let refused = read(br#"{"action":"refuse","reason":" no\u0007 ","seconds":60}"#);
        assert_eq!(refused, refuses(Some("no"), Duration::from_secs(60)));
        assert_eq!(read(br#"{"action":"refuse"}"#), refuses(None, ACCESS_REFUSED_FOR));
    }

    #[test]
    fn anything_else_is_no_answer() {
        for answer in [
            "",
            "{}",
            r#"{"action":"allow"}"#,
            r#"{"action":"accept","allow":"write"}"#,
            r#"{"action":"accept","allow":["read"]}"#,
            r#"{"action":"accept","seconds":0}"#,
            r#"{"action":"accept","seconds":-1}"#,
            r#"{"action":"accept","seconds":86401}"#,
            r#"{"action":"refuse","seconds":1e99}"#,
            r#"{"action":"refuse","reason":{}}"#,
        ] {
            assert!(read(answer.as_bytes()).is_err(), "{answer}");
        }
    }
}
