//! Responses on their way to the client: in pieces, and with a limit on how
//! much is waiting.

use std::{
    error::Error as StdError,
    net::IpAddr,
    pin::Pin,
    task::{Context, Poll, ready},
};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use bytes::Bytes;

use crate::{
    error::ApiError,
    limiter::{Limited, network},
    places::{Place, Places},
    transport::Answering,
};
use parlor_domain::{
    UserKey,
    limits::{
        ANSWER_BYTES, ANSWER_BYTES_PER_ADDRESS, ANSWER_BYTES_PER_USER, ANSWER_PIECE,
        ANSWER_SHARE_ADDRESS, ANSWER_SHARE_USER, ANSWER_SMALL, RETRY_AFTER,
    },
};

/// Bytes of answers that wait for their readers. Small ones do not count, as
/// many of them wait as there may be connections; nor do those that are
/// `Shared`.
#[derive(Clone)]
pub struct Answers {
    all: Places<()>,
    addresses: Places<IpAddr>,
    users: Places<UserKey>,
}

/// The place of one answer.
pub(super) struct Held {
    _user: Option<Place<UserKey>>,
    _address: Place<IpAddr>,
    _all: Place<()>,
}

impl Default for Answers {
    fn default() -> Self {
        Self {
            all: Places::new(ANSWER_BYTES),
            addresses: Places::new(ANSWER_BYTES_PER_ADDRESS),
            users: Places::new(ANSWER_BYTES_PER_USER),
        }
    }
}

impl Answers {
    /// Takes the place of an answer, if it needs one.
    pub(super) fn hold(
        &self,
        size: BodySize,
        address: IpAddr,
        user: Option<UserKey>,
    ) -> Result<Option<Held>, ApiError> {
        let BodySize::Sized(bytes) = size else { return Ok(None) };
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        if bytes <= ANSWER_SMALL {
            return Ok(None);
        }
        let limited = || ApiError::from(Limited { retry_after: RETRY_AFTER });
        let address = network(address);
        let (of_address, of_user) = self.shares(address);
        let _user = match user {
            Some(user) => Some(self.users.take_within(user, bytes, of_user).ok_or_else(limited)?),
            None => None,
        };
        let _address = self.addresses.take_within(address, bytes, of_address);
        let _address = _address.ok_or_else(limited)?;
        let _all = self.all.take((), bytes).ok_or_else(ApiError::unavailable)?;
        Ok(Some(Held { _user, _address, _all }))
    }

    /// What an address and a user there may have now.
    fn shares(&self, address: IpAddr) -> (usize, usize) {
        let (all, there) = (self.all.held(&()), self.addresses.held(&address));
        let of_address = share(ANSWER_BYTES, all, ANSWER_SHARE_ADDRESS);
        let of_address = of_address.min(ANSWER_BYTES_PER_ADDRESS);
        let of_user = share(ANSWER_BYTES, all, ANSWER_SHARE_USER);
        (of_address, of_user.min(share(of_address, there, ANSWER_SHARE_USER)))
    }
}

/// What one may have of `most`: past the half of it, a part of what is left.
fn share(most: usize, taken: usize, part: usize) -> usize {
    if taken > most / 2 { most.saturating_sub(taken) / part } else { most }
}

/// Marks an answer that all who read it share: whoever does not read it takes
/// no memory, and so no place.
#[derive(Clone, Copy)]
pub(super) struct Shared;

/// What a request holds until its answer is sent.
#[derive(Default)]
pub(super) struct UnderWay {
    /// Its place among those of one client of a proxy.
    _entered: Option<Place<IpAddr>>,
    /// Its connection waits for us.
    _answering: Option<Answering>,
}

impl UnderWay {
    pub fn new(entered: Option<Place<IpAddr>>, answering: Option<Answering>) -> Self {
        Self { _entered: entered, _answering: answering }
    }
}

/// A body of which actix-http gets one piece at a time: it copies what it gets
/// and keeps it until it is sent.
pub(super) struct Answer {
    body: BoxBody,
    rest: Bytes,
    _held: Option<Held>,
    _under_way: UnderWay,
}

impl Answer {
    pub fn boxed(body: BoxBody, held: Option<Held>, under_way: UnderWay) -> BoxBody {
        BoxBody::new(Self { body, rest: Bytes::new(), _held: held, _under_way: under_way })
    }
}

impl MessageBody for Answer {
    type Error = Box<dyn StdError>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let this = self.get_mut();
        // An empty piece would be the end of it.
        while this.rest.is_empty() {
            match ready!(this.body.as_pin_mut().poll_next(cx)) {
                Some(Ok(bytes)) => this.rest = bytes,
                end => return Poll::Ready(end),
            }
        }
        let piece = this.rest.split_to(this.rest.len().min(ANSWER_PIECE));
        Poll::Ready(Some(Ok(piece)))
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    #[actix_web::test]
    async fn a_large_answer_comes_in_pieces_and_whole() {
        let text: Vec<u8> = (0..100_000).map(|n| (n % 251) as u8).collect();
        let mut body = Answer::boxed(BoxBody::new(text.clone()), None, UnderWay::default());
        assert_eq!(body.size(), BodySize::Sized(100_000));
        let mut got = Vec::new();
        while let Some(piece) = poll_fn(|cx| body.as_pin_mut().poll_next(cx)).await {
            let piece = piece.expect("no error");
            assert!((1..=ANSWER_PIECE).contains(&piece.len()), "{}", piece.len());
            got.extend_from_slice(&piece);
        }
        assert_eq!(got, text);
    }

    #[test]
    fn who_has_much_waiting_gets_no_more_and_others_do() {
        let answers = Answers::default();
        let (one, other) = ([192, 0, 2, 1].into(), [192, 0, 2, 2].into());
        let large = BodySize::Sized(ANSWER_BYTES_PER_USER as u64);
        let held = answers.hold(large, one, Some(UserKey(1))).expect("nothing waits yet");
        assert!(held.is_some());
        let more = BodySize::Sized(ANSWER_SMALL as u64 + 1);
        let refused = answers.hold(more, other, Some(UserKey(1)));
        assert!(refused.is_err(), "the same user from elsewhere");
        let small = BodySize::Sized(ANSWER_SMALL as u64);
        assert!(answers.hold(small, one, Some(UserKey(1))).expect("small").is_none());
        let theirs = answers.hold(more, one, Some(UserKey(2))).expect("another user");
        drop(held);
        assert!(answers.hold(large, one, Some(UserKey(1))).is_ok(), "it was taken");
        drop(theirs);
    }

    /// The largest page there is.
    const PAGE: BodySize = BodySize::Sized(512 * 1024);

    /// As much as a user gets who reads nothing.
    fn hoard(answers: &Answers, address: IpAddr, user: i64) -> Vec<Held> {
        let more = || answers.hold(PAGE, address, Some(UserKey(user))).ok().flatten();
        std::iter::from_fn(more).collect()
    }

    #[test]
    fn some_who_do_not_read_leave_answers_for_the_others() {
        let answers = Answers::default();
        let address = |user: i64| IpAddr::from([198, 51, 100, user as u8]);
        let held: Vec<_> = (0..40).map(|user| hoard(&answers, address(user), user)).collect();
        assert_eq!(held[0].len(), 64, "there is enough yet");
        assert!(held.iter().all(|held| !held.is_empty()), "each gets something");
        // Several at once.
        let theirs = hoard(&answers, address(100), 100);
        assert!(theirs.len() >= 2, "{}", theirs.len());
        drop(held);
        assert_eq!(hoard(&answers, address(101), 101).len(), 64, "all is free again");
    }

    #[test]
    fn some_of_an_address_leave_answers_for_the_others_there() {
        let answers = Answers::default();
        let address = IpAddr::from([198, 51, 100, 7]);
        let held: Vec<_> = (0..20).map(|user| hoard(&answers, address, user)).collect();
        assert_eq!(held[0].len(), 64, "there is enough yet");
        assert!(held.iter().all(|held| !held.is_empty()), "each gets something");
        assert!(!hoard(&answers, address, 100).is_empty());
        // Those of other addresses notice nothing.
        assert_eq!(hoard(&answers, [192, 0, 2, 1].into(), 101).len(), 64);
    }
}
