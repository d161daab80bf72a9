//! A value as a parameter of a query.

use parlor_macros::each_backend;

#[each_backend]
pub(super) mod backend {
    use diesel::{
        Connection,
        query_builder::{BoxedSqlQuery, SqlQuery},
        sql_types::{BigInt, Binary, Nullable, Text},
    };

    use crate::{backend::Conn, copy::value::Value};

    type Boxed<'q> = BoxedSqlQuery<'q, <Conn as Connection>::Backend, SqlQuery>;

    /// Adds a value to those of a query.
    pub(in crate::copy) fn bound<'q>(query: Boxed<'q>, value: &'q Value) -> Boxed<'q> {
        match value {
            Value::Null => query.bind::<Nullable<BigInt>, _>(None::<i64>),
            Value::Int(number) => query.bind::<BigInt, _>(*number),
            Value::Text(text) => query.bind::<Text, _>(text.as_str()),
            Value::Bytes(bytes) => query.bind::<Binary, _>(bytes.as_slice()),
        }
    }
}
