//! What the application says of its users.

use std::sync::Arc;

use parlor_domain::{Profile, ProfileChange};

use super::*;

impl Bench {
    fn describe(&self, changes: Vec<ProfileChange>, at: Timestamp) -> Vec<PutUser> {
        self.one(PutUsers { changes, creates: true, at }).expect("put")
    }

    fn called(&self, id: &str, name: &str, issued_at: Option<i64>) -> FoundUser {
        let (id, name) = (UserId::from_stored(id), Some(name.into()));
        let (origin, issued_at) = (UserOrigin::Application, issued_at.map(Timestamp));
        let adopted = Adopted::default();
        self.one(SeenUser { id, name, origin, issued_at, adopted, at: AT }).expect("seen")
    }

    async fn found(&self, text: &str) -> Vec<String> {
        let (found, _) = self.database.reader.find_users(text, true, 50).await.expect("found");
        let id = |profile: &Profile| profile.user.id.as_str().to_owned();
        found.iter().map(id).collect()
    }
}

fn change(id: &str, name: Option<&str>) -> ProfileChange {
    let name = name.map(Arc::from);
    ProfileChange { name, ..ProfileChange::none(UserId::from_stored(id)) }
}

#[test]
fn what_is_said_twice_is_done_once_and_what_is_left_out_stays() {
    let bench = Bench::new();
    let ann = ProfileChange {
        custom: Some(Some(r#"{"a":1}"#.into())),
        roles: Some(vec!["a b".into(), "c".into()]),
        ..change("ann", Some("Ann"))
    };
    let put = bench.describe(vec![ann.clone(), change("ben", None), ann.clone()], AT);
    let how = |put: &[PutUser]| -> Vec<(bool, bool)> {
        put.iter().map(|one| (one.is_new, one.is_changed)).collect()
    };
    assert_eq!(how(&put), [(true, true), (true, false), (false, false)]);
    let put = bench.describe(vec![change("ann", None), change("ann", Some("Anna"))], AT);
    assert_eq!(how(&put), [(false, false), (false, true)]);
    let profile = &put[1].profile;
    assert_eq!((&*profile.user.name, profile.custom.as_deref()), ("Anna", Some(r#"{"a":1}"#)));
    assert_eq!(profile.roles, ["a b".into(), "c".into()]);
    let absent = PutUsers { changes: vec![change("zoe", None)], creates: false, at: AT };
    assert_eq!(bench.one(absent).err(), Some(WriteError::NoSuchUser));
}

#[test]
fn a_token_of_before_gives_no_name_and_whoever_comes_first_answers_for_the_user() {
    let bench = Bench::new();
    bench.describe(vec![change("ann", Some("Ann"))], AT);
    let found = bench.called("ann", "Past", Some(AT.0));
    assert_eq!((&*found.user.name, found.renamed, found.adopted), ("Ann", false, false));
    let found = bench.called("ann", "Now", Some(AT.0 + 1));
    assert_eq!((&*found.user.name, found.renamed), ("Now", true));
    assert!(bench.register("ann").is_err(), "somebody's already");
    let issuer = UserOrigin::Issuer("https://id.example".into());
    let other = bench.seen("ann", issuer, Some(AT), Adopted::default());
    assert_eq!(other.err(), Some(WriteError::OtherOrigin));
}

#[test]
fn who_is_made_in_the_place_of_one_who_was_deleted_has_no_token_of_theirs() {
    let bench = Bench::new();
    let before = bench.user("ann");
    bench.one(EraseUser { user: before.key, at: AT }).expect("erased");
    let put = bench.describe(vec![change("ann", None)], Timestamp(AT.0 + 5));
    assert_eq!(put[0].bar.as_ref().map(|bar| bar.tokens_after), Some(AT));
    let comes = |issued_at: Option<i64>| {
        let origin = UserOrigin::Application;
        bench.seen("ann", origin, issued_at.map(Timestamp), Adopted::default())
    };
    for old in [None, Some(AT.0 - 1), Some(AT.0)] {
        assert_eq!(comes(old).err(), Some(WriteError::TokenTooOld), "{old:?}");
    }
    let found = comes(Some(AT.0 + 1)).expect("a new one");
    assert_eq!(found.bar.map(|bar| bar.tokens_after), Some(AT), "which the server has to know");
}

#[actix::test]
async fn users_of_a_version_before_are_found_once_the_server_has_started() {
    let bench = Bench::new();
    bench.describe(vec![change("ann", Some("Ann Éclair")), change("ben", None)], AT);
    assert_eq!(bench.found("ecl").await, ["ann"]);
    bench.run("DELETE FROM user_words");
    bench.run("UPDATE users SET has_words = NULL");
    assert_eq!(bench.found("ecl").await, Vec::<String>::new());
    on_a_thread(|| open::complete(&bench.url)).expect("completed");
    assert_eq!(
        (bench.found("ECL").await, bench.found("b").await),
        (vec!["ann".into()], vec!["ben".into()])
    );
}
