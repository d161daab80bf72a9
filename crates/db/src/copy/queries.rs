//! What a copy asks of either database. What they do differently is in
//! `sqlite` and `postgres`.

use parlor_macros::each_backend;

#[each_backend]
pub(crate) mod backend {
    use diesel::{
        Connection, QueryResult, QueryableByName, RunQueryDsl,
        connection::SimpleConnection,
        sql_query,
        sql_types::{BigInt, Nullable, Text},
    };

    use crate::{
        backend::Conn,
        copy::{
            Progress, backend as copying,
            bind::backend::bound,
            tables::CopiedTable,
            value::{Row, Value},
        },
        write::life::backend as life,
    };

    pub(crate) use copying::{
        has_progress, live_nodes, sequence, set_sequence, waiting_submissions,
    };
    pub(crate) use life::carried;

    #[derive(QueryableByName)]
    struct Version {
        #[diesel(sql_type = Text)]
        version: String,
    }

    #[derive(QueryableByName)]
    struct ProgressRow {
        #[diesel(sql_type = Text)]
        table_name: String,
        #[diesel(sql_type = Text)]
        source: String,
        #[diesel(sql_type = Nullable<Text>)]
        last_key: Option<String>,
        #[diesel(sql_type = BigInt)]
        copied: i64,
        #[diesel(sql_type = Text)]
        checksum: String,
        #[diesel(sql_type = BigInt)]
        replaced: i64,
    }

    /// The migrations that ran. An error where there is no such table.
    pub(crate) fn applied_migrations(conn: &mut Conn) -> QueryResult<Vec<String>> {
        let rows: Vec<Version> =
            sql_query("SELECT version FROM __diesel_schema_migrations ORDER BY version")
                .load(conn)?;
        Ok(rows.into_iter().map(|row| row.version).collect())
    }

    /// The rows behind a key, in the order of keys: texts and bytes in that of
    /// their bytes, in both databases.
    pub(crate) fn page(
        conn: &mut Conn,
        table: &CopiedTable,
        after: Option<&[Value]>,
        limit: i64,
    ) -> QueryResult<Vec<Row>> {
        let (columns, keys) = (table.column_list(), table.key_list());
        let behind = match after {
            None => String::new(),
            Some(key) => {
                let places: Vec<_> = (1..=key.len()).map(|place| format!("${place}")).collect();
                format!("WHERE ({keys}) > ({})", places.join(", "))
            }
        };
        let name = table.name;
        let query =
            format!(r#"SELECT {columns} FROM "{name}" {behind} ORDER BY {keys} LIMIT {limit}"#);
        let query = sql_query(query).into_boxed::<<Conn as Connection>::Backend>();
        after.unwrap_or_default().iter().fold(query, bound).load(conn)
    }

    /// Makes the record of a copy that begins. There is one for as long as the
    /// copy is not finished.
    pub(crate) fn begin(conn: &mut Conn, source: &str, tables: &[CopiedTable]) -> QueryResult<()> {
        conn.transaction(|conn| {
            conn.batch_execute(
                "CREATE TABLE copy_progress (
                     table_name TEXT PRIMARY KEY NOT NULL,
                     source     TEXT   NOT NULL,
                     last_key   TEXT,
                     copied     BIGINT NOT NULL,
                     checksum   TEXT   NOT NULL,
                     replaced   BIGINT NOT NULL
                 )",
            )?;
            for table in tables {
                let none = Progress::default();
                sql_query(
                    "INSERT INTO copy_progress (table_name, source, copied, checksum, replaced)
                     VALUES ($1, $2, 0, $3, 0)",
                )
                .bind::<Text, _>(table.name)
                .bind::<Text, _>(source)
                .bind::<Text, _>(none.copied.to_string())
                .execute(conn)?;
            }
            Ok(())
        })
    }

    /// Of which source, and how far each table is.
    pub(crate) fn progress(conn: &mut Conn) -> QueryResult<Vec<(String, String, Progress)>> {
        let rows: Vec<ProgressRow> = sql_query("SELECT * FROM copy_progress").load(conn)?;
        let read = |row: ProgressRow| {
            let ProgressRow { table_name, source, last_key, copied, checksum, replaced } = row;
            let progress = Progress::stored(last_key.as_deref(), copied, &checksum, replaced);
            let broken = || diesel::result::Error::DeserializationError("copy_progress".into());
            Ok((source, table_name, progress.ok_or_else(broken)?))
        };
        rows.into_iter().map(read).collect()
    }

    /// Stores a batch, and how far the table is now, in one transaction.
    /// `Ok(false)`: it was further already, so another copy is at work.
    pub(crate) fn store(
        conn: &mut Conn,
        table: &CopiedTable,
        rows: Vec<Row>,
        before: &Progress,
        after: &Progress,
    ) -> QueryResult<bool> {
        conn.transaction(|conn| {
            // First, because it locks: a second copy waits here, and sees it.
            let moved = sql_query(
                "UPDATE copy_progress SET last_key = $1, copied = $2, checksum = $3, replaced = $4
                 WHERE table_name = $5 AND copied = $6",
            )
            .bind::<Nullable<Text>, _>(after.last_key_json())
            .bind::<BigInt, _>(after.copied.rows)
            .bind::<Text, _>(after.copied.to_string())
            .bind::<BigInt, _>(after.replaced)
            .bind::<Text, _>(table.name)
            .bind::<BigInt, _>(before.copied.rows)
            .execute(conn)?;
            if moved == 0 {
                return Ok(false);
            }
            copying::insert(conn, table, rows)?;
            Ok(true)
        })
    }

    /// Takes the record away: the target may be used, and goes on in the life of
    /// the source.
    pub(crate) fn finish(conn: &mut Conn, carried: &(String, i64)) -> QueryResult<()> {
        conn.transaction(|conn| {
            life::adopt(conn, carried)?;
            conn.batch_execute("DROP TABLE copy_progress")
        })
    }
}
