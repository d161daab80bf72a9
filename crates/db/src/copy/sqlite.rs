//! What a copy does otherwise on SQLite.

use diesel::{
    OptionalExtension, QueryResult, QueryableByName, RunQueryDsl,
    deserialize::{self, FromSql},
    row::{Field, NamedRow},
    sql_query,
    sql_types::{BigInt, Binary, Text},
    sqlite::{Sqlite, SqliteType},
};

use super::{
    bind::sqlite::bound,
    tables::CopiedTable,
    value::{Row, Value},
};
use crate::sqlite::Conn;

/// Values that one statement may have, well below SQLite's bound of 32,766
/// (<https://sqlite.org/limits.html#max_variable_number>).
const VALUES_MAX: usize = 4_000;

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// Every value is what it is stored as: SQLite's columns have no types.
impl QueryableByName<Sqlite> for Row {
    fn build<'a>(row: &impl NamedRow<'a, Sqlite>) -> deserialize::Result<Self> {
        let value = |place| {
            let field = diesel::row::Row::get(row, place).ok_or("a row has fewer columns")?;
            let Some(value) = field.value() else { return Ok(Value::Null) };
            Ok(match value.value_type() {
                None => Value::Null,
                Some(SqliteType::Text) => {
                    Value::Text(<String as FromSql<Text, Sqlite>>::from_sql(value)?)
                }
                Some(SqliteType::Binary) => {
                    Value::Bytes(<Vec<u8> as FromSql<Binary, Sqlite>>::from_sql(value)?)
                }
                Some(SqliteType::Long | SqliteType::Integer | SqliteType::SmallInt) => {
                    Value::Int(<i64 as FromSql<BigInt, Sqlite>>::from_sql(value)?)
                }
                Some(other) => return Err(format!("a value is {other:?}").into()),
            })
        };
        (0..diesel::row::Row::field_count(row)).map(value).collect::<Result<_, _>>().map(Row)
    }
}

pub(crate) fn insert(conn: &mut Conn, table: &CopiedTable, rows: Vec<Row>) -> QueryResult<()> {
    let width = table.columns.len();
    let places = format!("({})", vec!["?"; width].join(", "));
    for some in rows.chunks((VALUES_MAX / width).max(1)) {
        let places = vec![places.as_str(); some.len()].join(", ");
        let (name, columns) = (table.name, table.column_list());
        let query = format!(r#"INSERT INTO "{name}" ({columns}) VALUES {places}"#);
        let query = sql_query(query).into_boxed::<Sqlite>();
        some.iter().flat_map(|row| &row.0).fold(query, bound).execute(conn)?;
    }
    Ok(())
}

pub(crate) fn has_progress(conn: &mut Conn) -> QueryResult<bool> {
    let found: Number = sql_query(
        "SELECT count(*) AS number FROM sqlite_master WHERE type = 'table' AND name = 'copy_progress'",
    )
    .get_result(conn)?;
    Ok(found.number > 0)
}

/// A file has no nodes that could be asked for.
pub(crate) fn live_nodes(_: &mut Conn) -> QueryResult<i64> {
    Ok(0)
}

/// Nobody submits anything to a file.
pub(crate) fn waiting_submissions(_: &mut Conn) -> QueryResult<i64> {
    Ok(0)
}

/// The last key that was given to a row of the table, also if that is gone;
/// `None` for a table that is given none.
pub(crate) fn sequence(conn: &mut Conn, table: &CopiedTable) -> QueryResult<Option<i64>> {
    let found: Option<Number> =
        sql_query("SELECT seq AS number FROM sqlite_sequence WHERE name = $1")
            .bind::<Text, _>(table.name)
            .get_result(conn)
            .optional()?;
    Ok(found.map(|found| found.number))
}

/// The next key is above this one.
pub(crate) fn set_sequence(conn: &mut Conn, table: &CopiedTable, last: i64) -> QueryResult<()> {
    let changed = sql_query("UPDATE sqlite_sequence SET seq = max(seq, $1) WHERE name = $2")
        .bind::<BigInt, _>(last)
        .bind::<Text, _>(table.name)
        .execute(conn)?;
    if changed == 0 {
        sql_query("INSERT INTO sqlite_sequence (name, seq) VALUES ($1, $2)")
            .bind::<Text, _>(table.name)
            .bind::<BigInt, _>(last)
            .execute(conn)?;
    }
    Ok(())
}
