//! The words by which a user is found.

use parlor_domain::limits::USER_WORDS;
use parlor_macros::each_backend;

use crate::words::words_of_name;

/// How many users get their words in one transaction.
const AT_ONCE: i64 = 500;

/// Those of the name first: an id is often a number that nobody types.
fn words_of(id: &str, name: &str) -> Vec<String> {
    let mut words = words_of_name(&format!("{name} {id}"));
    words.truncate(USER_WORDS);
    words
}

#[each_backend]
pub mod backend {
    use diesel::{Connection, ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl};

    use super::*;
    use crate::{
        backend::Conn,
        schema::{user_words, users},
    };

    /// Of a user who has none yet, and whose row says that they are there.
    pub(in crate::write) fn add(
        conn: &mut Conn,
        key: i64,
        id: &str,
        name: &str,
    ) -> QueryResult<()> {
        let words = words_of(id, name).into_iter();
        let rows = words.map(|word| (user_words::word.eq(word), user_words::user_key.eq(key)));
        let rows: Vec<_> = rows.collect();
        diesel::insert_into(user_words::table).values(&rows).execute(conn).map(drop)
    }

    pub(in crate::write) fn remove(conn: &mut Conn, key: i64) -> QueryResult<()> {
        let own = user_words::table.filter(user_words::user_key.eq(key));
        diesel::delete(own).execute(conn).map(drop)
    }

    /// Another name, or one that has no words yet.
    pub(in crate::write) fn renew(
        conn: &mut Conn,
        key: i64,
        id: &str,
        name: &str,
    ) -> QueryResult<()> {
        remove(conn, key)?;
        add(conn, key, id, name)?;
        let row = diesel::update(users::table.find(key));
        row.set(users::has_words.eq(true)).execute(conn).map(drop)
    }

    /// For users who were made by a version that wrote none.
    pub(crate) fn complete(conn: &mut Conn) -> QueryResult<()> {
        loop {
            let some = users::table
                .filter(users::has_words.is_null())
                .filter(users::deleted_at.is_null())
                .order(users::key)
                .limit(AT_ONCE)
                .select((users::key, users::id, users::name))
                .load::<(i64, String, String)>(conn)?;
            if some.is_empty() {
                return Ok(());
            }
            conn.transaction(|conn| {
                some.iter().try_for_each(|(key, id, name)| renew(conn, *key, id, name))
            })?;
        }
    }
}
