//! Statements of a fixed text, prepared once a connection.

use diesel::{
    QueryResult, RunQueryDsl,
    pg::Pg,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::{Array, BigInt, Bool, Nullable, Text, Untyped},
};

/// A fixed text with its values as `$1`, `$2`, …: `diesel::sql_query` would have
/// it parsed and planned each time. Its rows are read by their columns' names.
#[derive(Debug)]
pub(crate) struct Statement<'a> {
    pub sql: &'static str,
    pub values: &'a [Value<'a>],
}

/// A value of a statement.
#[derive(Debug)]
pub(crate) enum Value<'a> {
    Flag(bool),
    Flags(Vec<bool>),
    Numbers(&'a [i64]),
    Texts(Vec<&'a str>),
    Optionals(Vec<Option<&'a str>>),
}

impl QueryFragment<Pg> for Statement<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(self.sql);
        for value in self.values {
            match value {
                Value::Flag(flag) => out.push_bind_param_value_only::<Bool, _>(flag)?,
                Value::Flags(all) => out.push_bind_param_value_only::<Array<Bool>, _>(all)?,
                Value::Numbers(all) => out.push_bind_param_value_only::<Array<BigInt>, _>(all)?,
                Value::Texts(all) => out.push_bind_param_value_only::<Array<Text>, _>(all)?,
                Value::Optionals(all) => {
                    out.push_bind_param_value_only::<Array<Nullable<Text>>, _>(all)?;
                }
            }
        }
        Ok(())
    }
}

/// Whether a connection has lost what was prepared on it, or has what another
/// one has prepared: a pooler hands it one session after the other. Diesel does
/// not say by which code the server calls it.
pub(crate) fn lacks_its_statements(error: &diesel::result::Error) -> bool {
    error.to_string().contains("prepared statement")
}

/// It is known by its text.
impl QueryId for Statement<'_> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Statement<'_> {
    type SqlType = Untyped;
}

impl<Conn> RunQueryDsl<Conn> for Statement<'_> {}
