//! Who users are to the database: origins, sign-ins, and what ends them.

use super::*;

const UNTIL: Timestamp = Timestamp(1_000_000);

fn token(byte: u8, at: i64) -> NewRefreshToken {
    let (created_at, expires_at) = (Timestamp(at), Timestamp(AT.0 + 100));
    NewRefreshToken { hash: [byte; 32], expires_at, created_at }
}

impl Bench {
    fn account(&self, id: &str) -> User {
        self.register(id).expect("an account").user
    }

    fn sign_in(&self, user: &User, byte: u8, at: i64) -> (SignIn, Timestamp) {
        let (user, token) = (user.key, token(byte, at));
        let begun = self.one(StartSignIn { user, password_hash: "hash".into(), token });
        let SignedIn { sign_in, at } = begun.expect("begun");
        (sign_in, at)
    }

    fn rotate(&self, from: u8, to: u8, at: Timestamp) -> Result<Rotated, WriteError> {
        let (hash, next) = ([from; 32], token(to, at.0));
        self.one(RotateRefresh { hash, next, at, until: UNTIL })
    }

    fn refused(&self, from: u8, to: u8, at: Timestamp) -> bool {
        matches!(self.rotate(from, to, at), Err(WriteError::RefreshRefused))
    }

    fn revoke(&self, user: &User, at: i64) -> Timestamp {
        let revoke = RevokeUser { user: user.key, keeps: None, at: Timestamp(at) };
        self.one(revoke).expect("revoked").bar.tokens_after
    }

    fn comes(
        &self,
        id: &str,
        origin: UserOrigin,
        issued_at: Option<i64>,
    ) -> Result<FoundUser, WriteError> {
        self.seen(id, origin, issued_at.map(Timestamp), Adopted::default())
    }
}

#[test]
fn a_refresh_token_works_once_and_a_second_use_ends_its_sign_in() {
    let bench = Bench::new();
    let ann = bench.account("ann");
    let (sign_in, _) = bench.sign_in(&ann, 1, AT.0);
    assert!(bench.rotate(1, 2, AT).is_ok());
    assert!(bench.rotate(2, 3, AT).is_ok());
    let reused = bench.rotate(1, 4, AT);
    assert!(matches!(reused, Ok(Rotated::Ended(ended)) if ended == sign_in));
    assert!(bench.refused(3, 5, AT), "its sign-in has ended");
    bench.sign_in(&ann, 6, AT.0);
    assert!(bench.refused(6, 7, Timestamp(AT.0 + 100)), "expired");
    assert!(bench.refused(9, 8, AT), "unknown");
}

#[test]
fn a_password_that_was_changed_meanwhile_begins_nothing() {
    let bench = Bench::new();
    let ann = bench.account("ann");
    let (keeps, _) = bench.sign_in(&ann, 1, AT.0);
    bench.sign_in(&ann, 2, AT.0 + 5);
    let change = |was: &str| ChangePassword {
        user: ann.key,
        was: was.into(),
        password_hash: "other".into(),
        keeps,
        at: AT,
    };
    assert_eq!(bench.one(change("nothing")).err(), Some(WriteError::PasswordChanged));
    let Barred { bar, .. } = bench.one(change("hash")).expect("changed");
    assert_eq!((bar.keeps, bar.tokens_after), (Some(keeps), Timestamp(AT.0 + 5)));
    let late = StartSignIn { user: ann.key, password_hash: "hash".into(), token: token(3, 1) };
    assert_eq!(bench.one(late).err(), Some(WriteError::PasswordChanged));
    assert!(bench.rotate(1, 4, AT).is_ok(), "this one goes on");
    assert!(bench.refused(2, 5, AT), "the others have ended");
}

#[test]
fn what_is_issued_is_before_a_revocation_or_behind_it() {
    let bench = Bench::new();
    let ann = bench.account("ann");
    // The clock of the node that revokes is behind.
    let (_, issued) = bench.sign_in(&ann, 1, AT.0 + 9);
    let revoked = bench.revoke(&ann, AT.0);
    assert_eq!((issued, revoked), (Timestamp(AT.0 + 9), Timestamp(AT.0 + 9)));
    // One that was on its way, and is stored behind it.
    let (_, issued) = bench.sign_in(&ann, 2, AT.0);
    assert_eq!(issued, Timestamp(AT.0 + 10));
    assert!(bench.refused(1, 3, AT) && bench.rotate(2, 4, AT).is_ok());
}

#[test]
fn a_user_has_the_origin_that_came_first() {
    let bench = Bench::new();
    let issuer = |iss: &str| UserOrigin::Issuer(iss.into());
    bench.account("ceo");
    let other = |result: Result<FoundUser, _>| matches!(result, Err(WriteError::OtherOrigin));
    assert!(other(bench.comes("ceo", UserOrigin::Application, None)));
    assert!(other(bench.comes("ceo", issuer("a"), None)));
    bench.user("ann");
    assert!(other(bench.comes("ann", UserOrigin::Key, None)));
    assert!(bench.comes("ben", issuer("a"), None).is_ok());
    assert!(other(bench.comes("ben", issuer("b"), None)));
    assert!(bench.comes("ben", issuer("a"), None).is_ok());
    // Nobody knows where one comes from who was seen before it was recorded.
    bench.run("UPDATE users SET origin = NULL WHERE id = 'ann'");
    assert!(bench.comes("ann", issuer("a"), None).is_ok());
    assert!(other(bench.comes("ann", UserOrigin::Application, None)));
}

#[test]
fn users_are_adopted_from_the_origins_that_were_named() {
    let bench = Bench::new();
    let adopted = |origin: &str| Adopted::parse(&[origin.to_owned()]).expect("an origin");
    let issuer = || UserOrigin::Issuer("a".into());
    let ann = bench.account("ann");
    bench.sign_in(&ann, 1, AT.0);
    let refused = bench.seen("ann", issuer(), None, adopted("application"));
    assert_eq!(refused.err(), Some(WriteError::OtherOrigin));
    let taken = bench.seen("ann", issuer(), None, adopted("account"));
    assert!(matches!(taken, Ok(FoundUser { adopted: true, user, .. }) if user.key == ann.key));
    assert!(bench.refused(1, 2, AT), "the account is over");
    let late = StartSignIn { user: ann.key, password_hash: "hash".into(), token: token(3, 1) };
    assert_eq!(bench.one(late).err(), Some(WriteError::PasswordChanged));
    let back = bench.seen("ann", UserOrigin::Account, None, adopted("issuer"));
    assert_eq!(back.err(), Some(WriteError::OtherOrigin), "an account takes over nobody");
}

#[test]
fn an_id_that_looks_like_anothers_is_taken() {
    let bench = Bench::new();
    bench.user("Bob");
    bench.account("eve");
    for id in ["bob", "BOB", "Bob", "Eve", "eve"] {
        assert_eq!(bench.register(id).err(), Some(WriteError::IdTaken), "{id}");
    }
}

#[test]
fn tokens_of_a_deleted_user_open_nothing_of_who_has_the_id_next() {
    let bench = Bench::new();
    let application = || UserOrigin::Application;
    let erase = |user: &User| bench.one(EraseUser { user: user.key, at: AT }).expect("erased");
    erase(&bench.user("ann"));
    for issued_at in [None, Some(AT.0 - 1), Some(AT.0)] {
        let old = bench.comes("ann", application(), issued_at);
        assert_eq!(old.err(), Some(WriteError::TokenTooOld), "{issued_at:?}");
    }
    let Ok(FoundUser { bar: Some(bar), .. }) = bench.comes("ann", application(), Some(AT.0 + 1))
    else {
        panic!("somebody new, and what bars who was before")
    };
    assert_eq!(bar.tokens_after, AT);
    // An account, whose last token was made by a node whose clock is ahead.
    let ben = bench.account("ben");
    let (_, issued) = bench.sign_in(&ben, 1, AT.0 + 9);
    erase(&ben);
    assert_eq!(bench.comes("ben", UserOrigin::Account, None).err(), Some(WriteError::TokenTooOld));
    let FoundUser { bar, .. } = bench.register("ben").expect("registered");
    assert_eq!(bar.map(|bar| bar.tokens_after), Some(issued));
}

#[test]
fn an_id_is_forgotten_when_there_can_be_no_token_of_it() {
    let bench = Bench::new();
    let ann = bench.user("ann");
    bench.one(EraseUser { user: ann.key, at: AT }).expect("erased");
    let expire = |ids_before: i64| {
        let (inbox_before, keys_before) = (Timestamp(0), Timestamp(0));
        let ids_before = Timestamp(ids_before);
        bench.one(Expire { inbox_before, keys_before, ids_before }).expect("done");
    };
    let known = "users WHERE former_id IS NOT NULL";
    expire(AT.0);
    assert_eq!(bench.count(known), 1);
    expire(AT.0 + 1);
    assert_eq!(bench.count(known), 0);
}
