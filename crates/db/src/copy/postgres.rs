//! What a copy does otherwise on PostgreSQL.

use diesel::{
    QueryResult, QueryableByName, RunQueryDsl,
    deserialize::{self, FromSql},
    pg::Pg,
    query_builder::{BoxedSqlQuery, SqlQuery},
    row::{Field, NamedRow},
    sql_query,
    sql_types::{Array, BigInt, Binary, Bool, Nullable, Text},
};

use super::{
    tables::{CopiedTable, Kind},
    value::{Row, Value},
};
use crate::postgres::Conn;

// The numbers of the types (`pg_type.dat` of PostgreSQL).
const BOOL: u32 = 16;
const BYTEA: u32 = 17;
const INT8: u32 = 20;
const TEXT: u32 = 25;

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Nullable<Text>)]
    name: Option<String>,
}

impl QueryableByName<Pg> for Row {
    fn build<'a>(row: &impl NamedRow<'a, Pg>) -> deserialize::Result<Self> {
        let value = |place| {
            let field = diesel::row::Row::get(row, place).ok_or("a row has fewer columns")?;
            let Some(value) = field.value() else { return Ok(Value::Null) };
            Ok(match value.get_oid().get() {
                INT8 => Value::Int(<i64 as FromSql<BigInt, Pg>>::from_sql(value)?),
                BOOL => Value::Int(<bool as FromSql<Bool, Pg>>::from_sql(value)?.into()),
                TEXT => Value::Text(<String as FromSql<Text, Pg>>::from_sql(value)?),
                BYTEA => Value::Bytes(<Vec<u8> as FromSql<Binary, Pg>>::from_sql(value)?),
                other => return Err(format!("a value has the type {other}").into()),
            })
        };
        (0..diesel::row::Row::field_count(row)).map(value).collect::<Result<_, _>>().map(Row)
    }
}

/// All values of one column.
enum Values {
    Int(Vec<Option<i64>>),
    Bool(Vec<Option<bool>>),
    Text(Vec<Option<String>>),
    Bytes(Vec<Option<Vec<u8>>>),
}

impl Values {
    fn new(kind: Kind, rows: usize) -> Self {
        match kind {
            Kind::Int => Self::Int(Vec::with_capacity(rows)),
            Kind::Bool => Self::Bool(Vec::with_capacity(rows)),
            Kind::Text => Self::Text(Vec::with_capacity(rows)),
            Kind::Bytes => Self::Bytes(Vec::with_capacity(rows)),
        }
    }

    /// `None` if the value does not go into such a column.
    fn push(&mut self, value: Value) -> Option<()> {
        match (self, value) {
            (Self::Int(values), Value::Null) => values.push(None),
            (Self::Int(values), Value::Int(number)) => values.push(Some(number)),
            (Self::Bool(values), Value::Null) => values.push(None),
            (Self::Bool(values), Value::Int(number)) => values.push(Some(number != 0)),
            (Self::Text(values), Value::Null) => values.push(None),
            (Self::Text(values), Value::Text(text)) => values.push(Some(text)),
            (Self::Bytes(values), Value::Null) => values.push(None),
            (Self::Bytes(values), Value::Bytes(bytes)) => values.push(Some(bytes)),
            _ => return None,
        }
        Some(())
    }

    fn bind(
        self,
        query: BoxedSqlQuery<'static, Pg, SqlQuery>,
    ) -> BoxedSqlQuery<'static, Pg, SqlQuery> {
        match self {
            Self::Int(values) => query.bind::<Array<Nullable<BigInt>>, _>(values),
            Self::Bool(values) => query.bind::<Array<Nullable<Bool>>, _>(values),
            Self::Text(values) => query.bind::<Array<Nullable<Text>>, _>(values),
            Self::Bytes(values) => query.bind::<Array<Nullable<Binary>>, _>(values),
        }
    }
}

/// One statement for any number of rows: a parameter is a whole column.
pub(crate) fn insert(conn: &mut Conn, table: &CopiedTable, rows: Vec<Row>) -> QueryResult<()> {
    let mut columns: Vec<_> =
        table.columns.iter().map(|column| Values::new(column.kind, rows.len())).collect();
    for row in rows {
        for ((values, value), column) in columns.iter_mut().zip(row.0).zip(&table.columns) {
            let wrong = || format!("{}.{} holds a value of another type", table.name, column.name);
            values
                .push(value)
                .ok_or_else(|| diesel::result::Error::SerializationError(wrong().into()))?;
        }
    }
    let places: Vec<_> = (1..=columns.len()).map(|place| format!("${place}")).collect();
    let (name, list) = (table.name, table.column_list());
    let query =
        format!(r#"INSERT INTO "{name}" ({list}) SELECT * FROM unnest({})"#, places.join(", "));
    let query = sql_query(query).into_boxed::<Pg>();
    columns.into_iter().fold(query, |query, values| values.bind(query)).execute(conn)?;
    Ok(())
}

pub(crate) fn has_progress(conn: &mut Conn) -> QueryResult<bool> {
    let found: Name =
        sql_query("SELECT to_regclass('copy_progress')::text AS name").get_result(conn)?;
    Ok(found.name.is_some())
}

/// How many nodes have a lease.
pub(crate) fn live_nodes(conn: &mut Conn) -> QueryResult<i64> {
    let live: Number =
        sql_query("SELECT count(*) AS number FROM nodes WHERE until > clock_timestamp()")
            .get_result(conn)?;
    Ok(live.number)
}

/// What applications have submitted and no node has carried out yet.
pub(crate) fn waiting_submissions(conn: &mut Conn) -> QueryResult<i64> {
    let waiting: Number =
        sql_query("SELECT count(*) AS number FROM submissions WHERE refused IS NULL")
            .get_result(conn)?;
    Ok(waiting.number)
}

/// The sequence a table takes its keys from, fit to be put into a statement.
fn sequence_of(
    conn: &mut Conn,
    table: &CopiedTable,
) -> QueryResult<Option<(String, &'static str)>> {
    let [place] = table.key.as_slice() else { return Ok(None) };
    let Some(column) = table.columns.get(*place) else { return Ok(None) };
    let found: Name = sql_query("SELECT pg_get_serial_sequence($1, $2) AS name")
        .bind::<Text, _>(table.name)
        .bind::<Text, _>(column.name)
        .get_result(conn)?;
    Ok(found.name.map(|name| (name, column.name)))
}

/// The last key that was given to a row of the table, also if that is gone;
/// `None` for a table that is given none.
pub(crate) fn sequence(conn: &mut Conn, table: &CopiedTable) -> QueryResult<Option<i64>> {
    let Some((sequence, _)) = sequence_of(conn, table)? else { return Ok(None) };
    let query =
        format!("SELECT CASE WHEN is_called THEN last_value ELSE 0 END AS number FROM {sequence}");
    let last: Number = sql_query(query).get_result(conn)?;
    Ok((last.number > 0).then_some(last.number))
}

/// The next key is above this one, and above all that are there.
pub(crate) fn set_sequence(conn: &mut Conn, table: &CopiedTable, last: i64) -> QueryResult<()> {
    let Some((sequence, key)) = sequence_of(conn, table)? else { return Ok(()) };
    let name = table.name;
    sql_query(format!(
        r#"SELECT setval($1::regclass, greatest($2, (SELECT max("{key}") FROM "{name}")))"#
    ))
    .bind::<Text, _>(sequence)
    .bind::<BigInt, _>(last)
    .execute(conn)?;
    Ok(())
}
