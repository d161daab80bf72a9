//! A write that changes nothing anybody sees: whether writes go through.

use super::{Concern, Conn, Effects, Write, Written, on};

/// Goes the way of all writes, and is as durable.
#[derive(Debug)]
pub(crate) struct Probe;

impl Write for Probe {
    type Outcome = ();

    fn concerns(&self) -> Vec<Concern> {
        Vec::new()
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<()> {
        Ok(on!(conn, touch)?)
    }

    fn effects(&self, (): &(), _: &mut Effects) {}
}

mod sqlite {
    use diesel::{
        QueryResult, QueryableByName, RunQueryDsl, connection::SimpleConnection, sql_query,
        sql_types::Integer,
    };

    use crate::sqlite::Conn;

    #[derive(QueryableByName)]
    struct Version {
        #[diesel(sql_type = Integer)]
        user_version: i32,
    }

    /// A number in the file that is for whoever has a use for it. It has to be
    /// another one: what stays the same is not written.
    pub fn touch(conn: &mut Conn) -> QueryResult<()> {
        let now: Version = sql_query("PRAGMA user_version").get_result(conn)?;
        let next = now.user_version.wrapping_add(1);
        conn.batch_execute(&format!("PRAGMA user_version = {next}"))
    }
}

mod postgres {
    use diesel::{ExpressionMethods, QueryResult, RunQueryDsl};

    use crate::{postgres::Conn, schema::life};

    /// Another version of the same row.
    pub fn touch(conn: &mut Conn) -> QueryResult<()> {
        diesel::update(life::table).set(life::witness.eq(life::witness)).execute(conn).map(drop)
    }
}
