//! A user who is deleted.

use super::*;

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
    let mut conn = bench.database.writers.get().expect("a connection");
    let erased = crate::db::user::find(&mut conn, ann.key).expect("read").expect("a row stays");
    assert!(UserId::parse(erased.id.as_str()).is_err(), "nobody can ask for {:?}", erased.id);
}
