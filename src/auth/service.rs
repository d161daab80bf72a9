//! The application's own auth service, which is asked whose a token is that
//! nobody here can check.

mod answers;
mod question;
mod reading;

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use sha2::{Digest, Sha256};
use tokio::{
    sync::{Semaphore, watch},
    time::timeout,
};

pub use self::{
    answers::Answer,
    question::{ClientCredentials, Form, service_url},
};
use self::{
    answers::{Said, TokenHash},
    reading::read,
};
use super::{AuthError, BadToken, ClaimNames};
use crate::{
    answers::{Answers, Told},
    clock,
    limiter::network,
    log_throttle::LogThrottleByText,
    metrics::{AuthAnswer, metrics},
    outbound,
    places::{Place, Places},
};
use parlor_domain::{
    Timestamp,
    limits::{
        AUTH_ANSWERS, AUTH_QUESTIONS, AUTH_QUESTIONS_PER_ADDRESS, AUTH_QUESTIONS_WAITING,
        AUTH_REFUSED_FOR, TOKEN_BYTES,
    },
};

/// Where the service is, and how it is asked.
#[derive(Debug)]
pub struct AuthServiceConfig {
    pub url: reqwest::Url,
    pub form: Form,
    /// How long it may take to answer.
    pub timeout: Duration,
    /// How long a good answer is kept.
    pub cache: Duration,
    /// How long a token is good whose answer names no end.
    pub session: Duration,
    /// What it calls the claims.
    pub claims: Arc<ClaimNames>,
    /// How far its clock may be off.
    pub leeway: Duration,
}

/// Asks the service, and keeps for a while what it said.
#[derive(Clone)]
pub struct AuthService(Arc<Inner>);

struct Inner {
    config: AuthServiceConfig,
    client: reqwest::Client,
    /// Only ever held for a look.
    answers: Mutex<Answers<TokenHash, Said>>,
    at_once: Semaphore,
    /// Questions that are under way or wait for it, in all and by address.
    asked: Places<()>,
    asked_from: Places<IpAddr>,
}

impl std::fmt::Debug for AuthService {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AuthService").field("config", &self.0.config).finish_non_exhaustive()
    }
}

/// A question that has its place.
struct Asked {
    key: TokenHash,
    token: String,
    tell: watch::Sender<Option<Said>>,
    _places: (Place<()>, Place<IpAddr>),
}

impl AuthService {
    /// Asks nothing yet, so that a service which is down keeps no server down.
    pub fn new(config: AuthServiceConfig) -> Self {
        let client = outbound::client(config.timeout);
        Self(Arc::new(Inner {
            config,
            client,
            answers: Mutex::new(Answers::new(AUTH_ANSWERS)),
            at_once: Semaphore::new(AUTH_QUESTIONS),
            asked: Places::new(AUTH_QUESTIONS + AUTH_QUESTIONS_WAITING),
            asked_from: Places::new(AUTH_QUESTIONS_PER_ADDRESS),
        }))
    }

    /// What the service says of a token that came from an address. With `since`
    /// what it was asked before then does not count.
    pub(super) async fn ask(
        &self,
        token: &str,
        from: IpAddr,
        since: Option<Timestamp>,
    ) -> Result<Answer, AuthError> {
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(BadToken::Characters.into());
        }
        if token.len() > TOKEN_BYTES {
            return Err(BadToken::TooLong.into());
        }
        let key: TokenHash = Sha256::digest(token.as_bytes()).into();
        // The first may be a question that was under way before.
        for _ in 0..2 {
            let mut told = {
                let mut answers = self.answers();
                let kept = answers.kept(&key, Instant::now()).and_then(|said| said.as_ref().ok());
                if let Some(answer) = kept.filter(|answer| answer.is_since(since)) {
                    return Ok(answer.clone());
                }
                match answers.under_way(&key) {
                    Some(told) => told,
                    None => self.begin(&mut answers, key, token, from)?,
                }
            };
            let told = told.wait_for(Option::is_some).await.map(|told| told.clone());
            let answer = told.ok().flatten().unwrap_or(Err(AuthError::Unavailable))?;
            if answer.is_since(since) {
                return Ok(answer);
            }
        }
        Err(AuthError::Unavailable)
    }

    fn answers(&self) -> MutexGuard<'_, Answers<TokenHash, Said>> {
        self.0.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a question, if it finds a place: one address does not take those of
    /// all others.
    fn begin(
        &self,
        answers: &mut Answers<TokenHash, Said>,
        key: TokenHash,
        token: &str,
        from: IpAddr,
    ) -> Result<Told<Said>, AuthError> {
        let places = self.0.asked_from.take(network(from), 1);
        let places = places.and_then(|from| Some((self.0.asked.take((), 1)?, from)));
        let Some(places) = places else {
            metrics().auth_answer(AuthAnswer::Full);
            return Err(AuthError::Unavailable);
        };
        let (tell, told) = watch::channel(None);
        answers.begin(key, told.clone());
        let asked = Asked { key, token: token.to_owned(), tell, _places: places };
        // A task of its own: it goes on when the one who asked has hung up.
        tokio::spawn(self.clone().carry_out(asked));
        Ok(told)
    }

    async fn carry_out(self, Asked { key, token, tell, _places }: Asked) {
        let answered = self.question(&token).await;
        drop(token);
        let now = Instant::now();
        let until = answered.as_ref().ok().map(|answer| now + self.kept_for(answer));
        self.answers().end(&key, until.map(|until| (answered.clone(), until)), now);
        tell.send_replace(Some(answered));
    }

    async fn question(&self, token: &str) -> Result<Answer, AuthError> {
        static FAILED: LogThrottleByText = LogThrottleByText::new();
        let Inner { config, client, at_once, .. } = &*self.0;
        let Ok(Ok(_turn)) = timeout(config.timeout, at_once.acquire()).await else {
            metrics().auth_answer(AuthAnswer::Full);
            return Err(AuthError::Unavailable);
        };
        let (began, asked_at) = (Instant::now(), clock::now());
        let said = question::ask(client, &config.url, &config.form, token).await;
        metrics().auth_time.observe(began.elapsed().as_secs_f64());
        match said {
            Ok(said) => {
                let answer = read(config, said, asked_at);
                let is_good = answer.said.is_ok();
                metrics().auth_answer(if is_good { AuthAnswer::Ok } else { AuthAnswer::Refused });
                Ok(answer)
            }
            Err(cause) => {
                metrics().auth_answer(AuthAnswer::Failed);
                if let Some(times) = FAILED.again(&cause) {
                    log::warn!("the auth service does not answer as it must: {cause}{times}");
                }
                Err(AuthError::Unavailable)
            }
        }
    }

    fn kept_for(&self, answer: &Answer) -> Duration {
        let Ok(claims) = &answer.said else { return AUTH_REFUSED_FOR };
        let left = claims.expires_at.0.saturating_sub(clock::now().0);
        self.0.config.cache.min(Duration::from_millis(u64::try_from(left).unwrap_or(0)))
    }
}
