//! Functions of SQL that both databases have.

#[diesel::declare_sql_function]
extern "SQL" {
    /// In lower case; only used on ids, which are ASCII.
    fn lower(text: diesel::sql_types::Text) -> diesel::sql_types::Text;
}
