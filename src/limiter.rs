//! Rate limits: per connection, per user, per address.
//!
//! A rate is a number of commands that refill over time and a burst that may be
//! used at once (GCRA, by the governor crate). What exceeds it is refused with
//! the time after which a retry will succeed.

use std::{
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    state::{InMemoryState, NotKeyed, keyed::HashMapStateStore},
};

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::protocol::{ErrorCode, ErrorView, server_frame::RatesView};
use parlor_domain::{
    UserKey,
    limits::{SPENDERS_KEPT, SPENDERS_SENT, SPENT_MOST, STREAM_APPENDS, STREAM_APPENDS_BURST},
};

type Direct = RateLimiter<NotKeyed, InMemoryState, DefaultClock>;
type Keyed<K> = RateLimiter<K, HashMapStateStore<K>, DefaultClock>;

/// The rates that hold; `None`: without one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rates {
    /// Commands of one connection.
    pub connection: Option<Quota>,
    /// Commands and REST calls of one user.
    pub user: Option<Quota>,
    /// Logins and the like from one address.
    pub logins: Option<Quota>,
    /// New tokens for refresh tokens, asked for from one address.
    pub refreshes: Option<Quota>,
    /// Connections that one user opens.
    pub connects: Option<Quota>,
    /// Connections that are opened from one address, by anyone.
    pub connects_from: Option<Quota>,
    /// Errors that a connection may cause within [`ERROR_WINDOW`] until it is
    /// closed.
    pub errors: Option<NonZeroU32>,
}

impl From<&Rates> for RatesView {
    fn from(rates: &Rates) -> Self {
        let per_second = |quota: Quota| {
            let interval = quota.replenish_interval().as_secs_f64();
            (1.0 / interval).round() as u32
        };
        Self {
            commands_per_second: rates.connection.map_or(0, per_second),
            command_burst: rates.connection.map_or(0, |quota| quota.burst_size().get()),
            errors_before_close: rates.errors.map_or(0, NonZeroU32::get),
        }
    }
}

/// The errors of a connection are forgiven over this time.
pub const ERROR_WINDOW: Duration = Duration::from_secs(60);

/// Too often; it may be tried again after this time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limited {
    pub retry_after: Duration,
}

impl From<Limited> for ErrorView<'_> {
    fn from(Limited { retry_after }: Limited) -> Self {
        // Up, so that who waits so long has waited long enough.
        let millis = retry_after.as_micros().div_ceil(1000);
        Self {
            code: ErrorCode::RateLimited,
            message: "too many requests; wait a little".into(),
            field: None,
            retry_after_ms: Some(u64::try_from(millis).unwrap_or(u64::MAX)),
        }
    }
}

/// So many a second, and a burst of at least that many at once.
pub fn per_second(rate: u32, burst: u32) -> Option<Quota> {
    let rate = NonZeroU32::new(rate)?;
    let burst = NonZeroU32::new(burst.max(1))?;
    Some(Quota::per_second(rate).allow_burst(burst))
}

/// So many a minute, all of them at once if one likes.
pub fn per_minute(rate: u32) -> Option<Quota> {
    NonZeroU32::new(rate).map(Quota::per_minute)
}

/// So many a minute, and a burst of at least that many at once.
pub fn per_minute_with_burst(rate: u32, burst: u32) -> Option<Quota> {
    let burst = NonZeroU32::new(burst.max(1))?;
    Some(per_minute(rate)?.allow_burst(burst))
}

/// The limit of one connection.
pub struct ConnectionLimit(Option<Box<Direct>>);

impl ConnectionLimit {
    pub fn new(rates: &Rates) -> Self {
        Self(rates.connection.map(|quota| Box::new(RateLimiter::direct(quota))))
    }

    pub fn check(&self) -> Result<(), Limited> {
        let Some(limiter) = &self.0 else { return Ok(()) };
        limiter.check().map_err(|refused| Limited {
            retry_after: refused.wait_time_from(DefaultClock::default().now()),
        })
    }
}

/// Whom a limit is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Spender {
    #[serde(rename = "u")]
    User(i64),
    #[serde(rename = "a")]
    Address(IpAddr),
    /// An address from which somebody asks for a new token.
    #[serde(rename = "r")]
    RefreshingFrom(IpAddr),
    /// A user who connects.
    #[serde(rename = "c")]
    Connecting(i64),
    /// An address from which somebody connects.
    #[serde(rename = "f")]
    ConnectingFrom(IpAddr),
}

/// What was used of the limits since the other nodes were last notified.
type Spent = Arc<Mutex<FxHashMap<Spender, u32>>>;

/// The limits that all connections and REST share; and all nodes, which tell
/// each other a few times a second what was used.
#[derive(Clone, Default)]
pub struct Limiters {
    users: Option<Arc<Keyed<UserKey>>>,
    /// Of appends to messages that are being written.
    appends: Option<Arc<Keyed<UserKey>>>,
    logins: Option<Arc<Keyed<IpAddr>>>,
    refreshes: Option<Arc<Keyed<IpAddr>>>,
    connects: Option<Arc<Keyed<UserKey>>>,
    connects_from: Option<Arc<Keyed<IpAddr>>>,
    /// `None` where there is one node.
    spent: Option<Spent>,
}

impl Limiters {
    pub fn new(rates: &Rates) -> Self {
        let by_user = |quota: Option<Quota>| Some(Arc::new(RateLimiter::hashmap(quota?)));
        let by_address = |quota: Option<Quota>| Some(Arc::new(RateLimiter::hashmap(quota?)));
        Self {
            users: by_user(rates.user),
            appends: by_user(
                rates.user.and_then(|_| per_second(STREAM_APPENDS, STREAM_APPENDS_BURST)),
            ),
            logins: by_address(rates.logins),
            refreshes: by_address(rates.refreshes),
            connects: by_user(rates.connects),
            connects_from: by_address(rates.connects_from),
            spent: None,
        }
    }

    /// Remembers from now on what is used, for the other nodes.
    pub fn share(&mut self) {
        self.spent = Some(Spent::default());
    }

    /// What was used since the last time. Of very many, some are left out.
    pub fn take_spent(&self) -> Vec<(Spender, u32)> {
        let Some(spent) = &self.spent else { return Vec::new() };
        let mut spent = spent.lock().unwrap_or_else(PoisonError::into_inner);
        spent.drain().take(SPENDERS_SENT).collect()
    }

    /// Another node says what was used there.
    pub fn debit(&self, spender: Spender, count: u32) {
        // As much as there is; what is gone already cannot be taken.
        for _ in 0..count.min(SPENT_MOST) {
            let taken = match spender {
                Spender::User(user) => check(self.users.as_deref(), &UserKey(user)),
                Spender::Address(from) => check(self.logins.as_deref(), &from),
                Spender::RefreshingFrom(from) => check(self.refreshes.as_deref(), &from),
                Spender::Connecting(user) => check(self.connects.as_deref(), &UserKey(user)),
                Spender::ConnectingFrom(from) => check(self.connects_from.as_deref(), &from),
            };
            if taken.is_err() {
                return;
            }
        }
    }

    fn spend(&self, spender: Spender) {
        let Some(spent) = &self.spent else { return };
        let mut spent = spent.lock().unwrap_or_else(PoisonError::into_inner);
        if spent.len() < SPENDERS_KEPT {
            *spent.entry(spender).or_default() += 1;
        }
    }

    pub fn user(&self, user: UserKey) -> Result<(), Limited> {
        check(self.users.as_deref(), &user)?;
        if self.users.is_some() {
            self.spend(Spender::User(user.0));
        }
        Ok(())
    }

    /// More of a message that is being written. Without a limit where commands have none.
    pub fn append(&self, user: UserKey) -> Result<(), Limited> {
        check(self.appends.as_deref(), &user)
    }

    /// A login, a registration, or a change of a password.
    pub fn login(&self, from: IpAddr) -> Result<(), Limited> {
        let from = network(from);
        check(self.logins.as_deref(), &from)?;
        if self.logins.is_some() {
            self.spend(Spender::Address(from));
        }
        Ok(())
    }

    /// A new token for a refresh token. Nobody guesses one, so this only bounds
    /// the writes that an address can cause.
    pub fn refresh(&self, from: IpAddr) -> Result<(), Limited> {
        let from = network(from);
        check(self.refreshes.as_deref(), &from)?;
        if self.refreshes.is_some() {
            self.spend(Spender::RefreshingFrom(from));
        }
        Ok(())
    }

    /// A user opens a connection.
    pub fn connect(&self, user: UserKey) -> Result<(), Limited> {
        check(self.connects.as_deref(), &user)?;
        if self.connects.is_some() {
            self.spend(Spender::Connecting(user.0));
        }
        Ok(())
    }

    /// Somebody opens a connection from this address.
    pub fn connect_from(&self, from: IpAddr) -> Result<(), Limited> {
        let from = network(from);
        check(self.connects_from.as_deref(), &from)?;
        if self.connects_from.is_some() {
            self.spend(Spender::ConnectingFrom(from));
        }
        Ok(())
    }

    /// Forgets those who have not asked for so long that they may ask as much
    /// as anyone.
    pub fn forget_idle(&self) {
        self.by_user().for_each(forget);
        self.by_address().for_each(forget);
    }

    /// How many users and addresses are kept in memory.
    pub fn kept(&self) -> (usize, usize) {
        let (users, addresses) = (self.by_user(), self.by_address());
        (users.map(|users| users.len()).sum(), addresses.map(|addresses| addresses.len()).sum())
    }

    fn by_user(&self) -> impl Iterator<Item = &Keyed<UserKey>> {
        [&self.users, &self.appends, &self.connects].into_iter().flatten().map(|limiter| &**limiter)
    }

    fn by_address(&self) -> impl Iterator<Item = &Keyed<IpAddr>> {
        [&self.logins, &self.refreshes, &self.connects_from]
            .into_iter()
            .flatten()
            .map(|kept| &**kept)
    }
}

fn forget<K: std::hash::Hash + Eq + Clone>(limiter: &Keyed<K>) {
    limiter.retain_recent();
    limiter.shrink_to_fit();
}

fn check<K>(limiter: Option<&Keyed<K>>, key: &K) -> Result<(), Limited>
where
    K: std::hash::Hash + Eq + Clone,
{
    let Some(limiter) = limiter else { return Ok(()) };
    limiter.check_key(key).map_err(|refused| Limited {
        retry_after: refused.wait_time_from(DefaultClock::default().now()),
    })
}

/// Whoever has an IPv6 address has a whole network of 64 bits of them.
pub fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(address) => IpAddr::V4(address),
            None => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
        },
    }
}

/// The errors of one connection: each takes one, and time gives them back.
#[derive(Clone, Copy, Debug)]
pub struct ErrorBudget {
    most: u32,
    left: f32,
    seen: Instant,
}

impl ErrorBudget {
    pub fn new(most: Option<NonZeroU32>, now: Instant) -> Self {
        let most = most.map_or(0, NonZeroU32::get);
        Self { most, left: most as f32, seen: now }
    }

    /// One more error; says whether that was one too many.
    pub fn spend(&mut self, now: Instant) -> bool {
        if self.most == 0 {
            return false;
        }
        let passed = now.saturating_duration_since(self.seen).as_secs_f32();
        let back = passed / ERROR_WINDOW.as_secs_f32() * self.most as f32;
        self.left = (self.left + back).min(self.most as f32) - 1.0;
        self.seen = now;
        // Not zero: a moment between two errors gives a little back.
        self.left < 0.5
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_on_one_node_is_gone_on_the_others() {
        let rates = Rates { user: per_second(1, 5), ..Rates::default() };
        let (mut one, other) = (Limiters::new(&rates), Limiters::new(&rates));
        one.share();
        for _ in 0..4 {
            one.user(UserKey(1)).expect("within the burst");
        }
        let told = one.take_spent();
        assert_eq!(told, [(Spender::User(1), 4)]);
        assert!(one.take_spent().is_empty(), "told once");
        told.into_iter().for_each(|(spender, count)| other.debit(spender, count));
        other.user(UserKey(1)).expect("the fifth");
        other.user(UserKey(1)).expect_err("five were used");
        other.user(UserKey(2)).expect("somebody else");
        assert!(other.take_spent().is_empty(), "what others used is not told again");
    }

    #[test]
    fn a_burst_is_allowed_and_what_comes_after_is_told_when_to_come_back() {
        let rates = Rates { connection: per_second(10, 3), ..Rates::default() };
        let limit = ConnectionLimit::new(&rates);
        for _ in 0..3 {
            assert_eq!(limit.check(), Ok(()));
        }
        let refused = limit.check().expect_err("too often");
        assert!(refused.retry_after <= Duration::from_millis(100), "{refused:?}");
        assert_eq!(ConnectionLimit::new(&Rates::default()).check(), Ok(()));
    }

    #[test]
    fn who_has_left_is_forgotten() {
        let rates = Rates { user: per_second(1_000_000, 1), ..Rates::default() };
        let limiters = Limiters::new(&rates);
        for user in 0..100 {
            assert_eq!(limiters.user(UserKey(user)), Ok(()));
            assert_eq!(limiters.append(UserKey(user)), Ok(()));
        }
        assert_eq!(limiters.kept().0, 200);
        // Some thousandths of a second later each may ask as much as anyone.
        let until = Instant::now() + Duration::from_secs(10);
        while limiters.kept().0 > 0 && Instant::now() < until {
            limiters.forget_idle();
        }
        assert_eq!(limiters.kept().0, 0);
    }

    #[test]
    fn addresses_of_one_network_count_together() {
        let rates = Rates { logins: per_minute(1), ..Rates::default() };
        let limiters = Limiters::new(&rates);
        let address = |text: &str| text.parse().expect("an address");
        assert_eq!(limiters.login(address("2001:db8::1")), Ok(()));
        assert!(limiters.login(address("2001:db8::2")).is_err());
        assert_eq!(limiters.login(address("2001:db8:0:1::1")), Ok(()));
        assert_eq!(limiters.login(address("192.0.2.1")), Ok(()));
        assert_eq!(limiters.login(address("192.0.2.2")), Ok(()));
        assert!(limiters.login(address("::ffff:192.0.2.1")).is_err());
    }

    #[test]
    fn connecting_is_counted_apart_by_user_and_by_network() {
        let connects = per_minute_with_burst(1, 2);
        let rates = Rates { connects, connects_from: per_minute(1), ..Rates::default() };
        let (mut one, other) = (Limiters::new(&rates), Limiters::new(&rates));
        one.share();
        assert!(one.connect(UserKey(1)).is_ok() && one.connect(UserKey(1)).is_ok());
        let refused = one.connect(UserKey(1)).expect_err("two at once");
        assert!(refused.retry_after <= Duration::from_secs(60), "{refused:?}");
        assert_eq!(one.connect(UserKey(2)), Ok(()));
        assert_eq!(one.user(UserKey(1)), Ok(()), "what one asks is another thing");
        let address = |text: &str| text.parse().expect("an address");
        assert_eq!(one.connect_from(address("2001:db8::1")), Ok(()));
        assert!(one.connect_from(address("2001:db8::2")).is_err());
        assert_eq!(one.login(address("2001:db8::1")), Ok(()));
        for (spender, count) in one.take_spent() {
            other.debit(spender, count);
        }
        assert!(other.connect(UserKey(1)).is_err(), "both were used elsewhere");
        assert!(other.connect_from(address("2001:db8::3")).is_err());
    }

    #[test]
    fn refreshes_are_counted_apart_from_logins_on_all_nodes() {
        let rates = Rates { logins: per_minute(1), refreshes: per_minute(2), ..Rates::default() };
        let (mut one, other) = (Limiters::new(&rates), Limiters::new(&rates));
        one.share();
        let address = |text: &str| text.parse().expect("an address");
        let from = address("2001:db8::1");
        assert!(one.refresh(from).is_ok() && one.refresh(address("2001:db8::2")).is_ok());
        assert!(one.refresh(from).is_err(), "two a minute");
        assert_eq!(one.login(from), Ok(()), "another thing");
        assert!(one.login(from).is_err() && one.kept() == (0, 2));
        for (spender, count) in one.take_spent() {
            other.debit(spender, count);
        }
        assert!(other.refresh(from).is_err() && other.login(from).is_err());
        assert_eq!(other.refresh(address("192.0.2.1")), Ok(()));
    }

    #[test]
    fn errors_are_forgiven_over_time() {
        let start = Instant::now();
        let mut budget = ErrorBudget::new(NonZeroU32::new(3), start);
        assert!(!budget.spend(start) && !budget.spend(start));
        assert!(budget.spend(start), "the third");
        let mut budget = ErrorBudget::new(NonZeroU32::new(3), start);
        assert!(!budget.spend(start) && !budget.spend(start));
        assert!(!budget.spend(start + ERROR_WINDOW), "forgiven");
        let mut none = ErrorBudget::new(None, start);
        assert!((0..1_000).all(|_| !none.spend(start)));
    }
}
