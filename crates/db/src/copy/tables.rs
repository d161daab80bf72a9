//! What is copied: every table of `schema`, as it is declared there.

use diesel::{
    Column, Expression, Table,
    sql_types::{BigInt, Binary, Bool, Nullable, Text},
};

use crate::schema;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Int,
    Bool,
    Text,
    Bytes,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct CopiedColumn {
    pub name: &'static str,
    pub kind: Kind,
}

#[derive(Clone, Debug)]
pub(crate) struct CopiedTable {
    pub name: &'static str,
    pub columns: Vec<CopiedColumn>,
    /// Where among the columns those of the primary key are, in its order.
    pub key: Vec<usize>,
}

impl CopiedTable {
    fn new(name: &'static str, columns: Vec<CopiedColumn>, key: &[&str]) -> Self {
        let place = |name: &&str| columns.iter().position(|column| column.name == *name);
        let key = key.iter().filter_map(place).collect();
        Self { name, columns, key }
    }

    /// Its columns, separated by commas. Quoted, because some are words of
    /// SQL.
    pub fn column_list(&self) -> String {
        comma_separated(self.columns.iter())
    }

    pub fn key_list(&self) -> String {
        comma_separated(self.key.iter().filter_map(|place| self.columns.get(*place)))
    }
}

fn comma_separated<'a>(columns: impl Iterator<Item = &'a CopiedColumn>) -> String {
    columns.map(|column| format!("\"{}\"", column.name)).collect::<Vec<_>>().join(", ")
}

/// A type of SQL that is copied. A column of another type does not compile:
/// its values need a place in [`Value`](super::value::Value) first.
trait Copied {
    const KIND: Kind;
}

macro_rules! copied {
    ($($sql:ty => $kind:ident),+ $(,)?) => {
        $(impl Copied for $sql { const KIND: Kind = Kind::$kind; })+
    };
}
copied!(BigInt => Int, Bool => Bool, Text => Text, Binary => Bytes);

impl<T: Copied + diesel::sql_types::SqlType<IsNull = diesel::sql_types::is_nullable::NotNull>>
    Copied for Nullable<T>
{
    const KIND: Kind = T::KIND;
}

/// All columns of a table: a tuple of types.
trait Columns {
    fn columns() -> Vec<CopiedColumn>;
}

/// For tuples of all sizes up to this one.
macro_rules! columns_of_tuples {
    () => {};
    ($first:ident $($rest:ident)*) => {
        impl<$first: Column, $($rest: Column),*> Columns for ($first, $($rest,)*)
        where
            <$first as Expression>::SqlType: Copied,
            $(<$rest as Expression>::SqlType: Copied,)*
        {
            fn columns() -> Vec<CopiedColumn> {
                vec![column_of::<$first>(), $(column_of::<$rest>()),*]
            }
        }
        columns_of_tuples!($($rest)*);
    };
}
columns_of_tuples!(A B C D E F G H I J K L M N O P Q R S T U V W X Y Z);

fn column_of<C: Column>() -> CopiedColumn
where
    C::SqlType: Copied,
{
    CopiedColumn { name: C::NAME, kind: <C::SqlType as Copied>::KIND }
}

fn columns_of<T: Table>() -> Vec<CopiedColumn>
where
    T::AllColumns: Columns,
{
    T::AllColumns::columns()
}

/// The tables with their primary keys.
macro_rules! tables {
    ($($table:ident ($($key:ident),+)),+ $(,)?) => {
        vec![$(CopiedTable::new(
            stringify!($table),
            columns_of::<schema::$table::table>(),
            &[$(<schema::$table::$key as Column>::NAME),+],
        )),+]
    };
}

/// Every table that is copied. Not `feed` and `nodes`: they are of the nodes
/// that run. Not `life`: two databases that both go on must not share one. Not
/// `submissions`: there are none on SQLite, and a copy is refused while some wait. The
/// indexes of the search are made anew from the messages.
pub(crate) fn all() -> Vec<CopiedTable> {
    tables![
        users(key),
        user_words(word, user_key),
        rooms(key),
        room_heads(room_key),
        members(room_key, user_key),
        receipts(room_key, user_key),
        messages(id),
        streams(message_id),
        imported_messages(room_key, id),
        refresh_tokens(hash),
        reactions(message_id, emoji, user_key),
        mentions(room_key, user_key, seq),
        bans(room_key, user_key),
        blocklists(room_key, id),
        blocks(user_key, blocked_key),
        room_events(room_key, seq),
        inbox(user_key, inbox_seq),
        inbox_heads(user_key),
        publications(key),
        attachments(id),
        file_usage(user_key),
        outbox(id),
        revoked_tokens(id),
        user_bars(user_key),
        api_keys(id),
        audit(id),
        former_members(room_key, user_key),
        drafts(user_key, room_key, thread_id),
        thread_follows(user_key, thread_id),
        reports(id),
        reported_by(report_id, user_key),
        saved(user_key, message_id),
        scheduled(id),
        devices(user_key, id),
        quiet_times(user_key),
        push_notes(user_key, device_id, room_key, thread_id),
        push_state(one),
        unread_told(user_key),
        unread_waiting(user_key, room_key),
        retired_heads(bucket),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_of_the_schema_is_copied_but_those_of_one_database() {
        let schema = include_str!("../schema.rs");
        let declared = schema.split("diesel::table! {").skip(1).map(|declaration| {
            let (name, rest) = declaration.split_once('(').expect("a name, then its key");
            let (key, _) = rest.split_once(')').expect("the key ends");
            (name.trim(), key.replace(' ', ""))
        });
        let left_out = ["feed", "nodes", "life", "submissions"];
        let wanted: Vec<_> = declared.filter(|(name, _)| !left_out.contains(name)).collect();
        let copied: Vec<_> = all()
            .into_iter()
            .map(|table| (table.name, table.key_list().replace(['"', ' '], "")))
            .collect();
        for one in &wanted {
            assert!(copied.contains(one), "{one:?} is not copied, or by another key");
        }
        assert_eq!(copied.len(), wanted.len());
    }

    #[test]
    fn columns_come_with_their_kinds() {
        let tables = all();
        let users = tables.first().expect("users are first");
        assert_eq!(users.columns.len(), 15);
        assert!(users.column_list().starts_with(r#""key", "id", "name", "password_hash""#));
        let kinds: Vec<_> = users.columns.iter().map(|column| column.kind).collect();
        assert_eq!(kinds[..4], [Kind::Int, Kind::Text, Kind::Text, Kind::Text]);
        assert_eq!(kinds[7..10], [Kind::Bool, Kind::Text, Kind::Bytes]);
    }
}
