//! A user who is deleted.

use super::*;
use crate::limits::ERASE_MESSAGES;

#[test]
fn the_reactions_of_an_erased_user_are_taken_back_in_steps() {
    let mut bench = Bench::new();
    let (ann, ben) = (bench.user("ann"), bench.user("ben"));
    let room = bench.room("r", &ann);
    bench.add(&room, &ben).expect("added");
    let react = |emoji: &str| Change::React { emoji: emoji.into() };
    let shared = bench.plain(&room, &ann);
    bench.changed(shared, &ben, react("a"));
    bench.changed(shared, &ann, react("a"));
    for _ in 0..ERASE_MESSAGES {
        let id = bench.plain(&room, &ann);
        bench.changed(id, &ben, react("a"));
    }
    bench.one(Write::Erase { user: ben.key, at: AT }).expect("erased");
    let step = || {
        let write = Write::EraseMessages { user: ben.key, messages: vec![], last: true, at: AT };
        match bench.one(write) {
            Ok(Written::ErasedMessages { changed, more }) => (changed.len(), more),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(step(), (ERASE_MESSAGES, true));
    assert_eq!(bench.count("users WHERE erase_pending"), 1);
    assert_eq!(step(), (1, false));
    assert_eq!(bench.count("users WHERE erase_pending"), 0);
    assert_eq!(bench.count("messages WHERE reactions LIKE '%ben%'"), 0);
    assert_eq!(bench.count(r#"messages WHERE reactions LIKE '%"count":1,"users":["ann"]%'"#), 1);
    assert_eq!(bench.count("reactions"), 1);
}

#[test]
fn nobody_can_be_in_the_way_of_an_erasure() {
    let bench = Bench::new();
    let ann = bench.user("ann");
    // Whatever a user may be called, no erased one is called so.
    bench.user(&format!("deleted:{}", ann.key.0));
    assert!(matches!(
        bench.one(Write::Erase { user: ann.key, at: AT }),
        Ok(Written::Erased { .. })
    ));
    let row = |id: &str| bench.count(&format!("users WHERE key = {} AND id = '{id}'", ann.key.0));
    let id = format!("deleted#{}", ann.key.0);
    assert_eq!(row(&id), 1);
    assert!(UserId::parse(&id).is_err(), "nobody can ask for {id:?}");
}
