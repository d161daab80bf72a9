//! Where the words are that were looked for.

use diesel::{
    Connection, QueryableByName, RunQueryDsl,
    connection::SimpleConnection,
    sql_types::{BigInt, Text},
};

use super::{Highlights, query::SearchQuery};
use crate::{db::sqlite::Conn, domain::MessageId};

#[derive(QueryableByName)]
struct Marked {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    text: String,
}

/// Around a word that was looked for; neither can be in a text.
const BEGIN: char = '\u{e000}';
const END: char = '\u{e001}';

/// Blocking: where in these texts the words are, as ranges of characters.
///
/// FTS5 itself says so, of a table in memory with these few texts: what
/// is shown is then what was found.
pub(super) fn highlights(
    query: &SearchQuery,
    texts: &[(MessageId, String)],
) -> Result<Vec<Highlights>, String> {
    let told = |error: diesel::result::Error| error.to_string();
    let mut conn = Conn::establish(":memory:").map_err(|error| error.to_string())?;
    conn.batch_execute(
        "CREATE VIRTUAL TABLE texts USING fts5(
             text, tokenize=\"unicode61 remove_diacritics 2\")",
    )
    .map_err(told)?;
    for (id, text) in texts {
        diesel::sql_query("INSERT INTO texts (rowid, text) VALUES (?, ?)")
            .bind::<BigInt, _>(id.0)
            .bind::<Text, _>(text.replace([BEGIN, END, '\0'], " "))
            .execute(&mut conn)
            .map_err(told)?;
    }
    let marked = diesel::sql_query(format!(
        "SELECT rowid AS id, highlight(texts, 0, '{BEGIN}', '{END}') AS text
         FROM texts WHERE texts MATCH ?"
    ))
    .bind::<Text, _>(query.words())
    .load::<Marked>(&mut conn)
    .map_err(told)?;
    Ok(marked.into_iter().map(|row| (MessageId(row.id), ranges(&row.text))).collect())
}

/// The ranges between the marks, counted in characters without them.
fn ranges(marked: &str) -> Vec<(usize, usize)> {
    let (mut ranges, mut at, mut begin) = (Vec::new(), 0, 0);
    for c in marked.chars() {
        match c {
            BEGIN => begin = at,
            END => ranges.push((begin, at)),
            _ => at += 1,
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_shown_where_they_are_also_with_accents() {
        let query = SearchQuery::parse("cafe gruss*").expect("good");
        let texts = [(MessageId(1), "Ein Café, viele Grüße! Grusskarte".to_owned())];
        let found = highlights(&query, &texts).expect("found");
        assert_eq!(found, [(MessageId(1), vec![(4, 8), (23, 33)])]);
    }
}
