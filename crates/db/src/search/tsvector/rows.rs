//! Writes words into the table, of many messages at once.

use diesel::{QueryResult, RunQueryDsl};

use super::{
    super::{changed::Changed, document::Document},
    Conn,
};
use crate::postgres::statement::{Statement, Value};

/// Words of so many bytes are sent at once.
const ROWS_BYTES: usize = 512 * 1024;

/// Places behind this one are all the same (PostgreSQL 17 documentation,
/// section 12.11).
const PLACES: usize = 16_383;
/// Between the text and the names of files, so that no phrase is in both.
const GAP: usize = 2;

/// Puts messages in, and takes out those of which there is nothing to find.
pub(super) fn put(conn: &mut Conn, room: i64, messages: &[Changed]) -> QueryResult<()> {
    let mut rows = Rows::default();
    for message in messages {
        rows.add(message);
        if rows.bytes >= ROWS_BYTES {
            std::mem::take(&mut rows).store(conn, room)?;
        }
    }
    rows.store(conn, room)
}

/// What one statement writes: a round trip for each message was most of what it
/// cost.
#[derive(Default)]
struct Rows {
    gone: Vec<i64>,
    ids: Vec<i64>,
    seqs: Vec<i64>,
    senders: Vec<i64>,
    times: Vec<i64>,
    vectors: Vec<String>,
    bytes: usize,
}

impl Rows {
    fn add(&mut self, message: &Changed) {
        let document = message.document();
        if document.is_empty() {
            return self.gone.push(message.id);
        }
        self.ids.push(message.id);
        self.seqs.push(message.seq);
        self.senders.push(message.sender);
        self.times.push(message.created_at);
        let vector = vector(&document);
        self.bytes += vector.len();
        self.vectors.push(vector);
    }

    fn store(self, conn: &mut Conn, room: i64) -> QueryResult<()> {
        let Self { gone, ids, seqs, senders, times, vectors, bytes: _ } = self;
        let sql = "WITH gone AS (DELETE FROM message_words WHERE message_id = ANY($1))
             INSERT INTO message_words (message_id, room_key, seq, sender_key, created_at, words)
             SELECT id, ($2)[1], seq, sender, created_at, words::tsvector
             FROM unnest($3, $4, $5, $6, $7) AS new (id, seq, sender, created_at, words)
             ON CONFLICT (message_id) DO UPDATE SET words = excluded.words";
        let values = [
            Value::Numbers(&gone),
            Value::Numbers(&[room]),
            Value::Numbers(&ids),
            Value::Numbers(&seqs),
            Value::Numbers(&senders),
            Value::Numbers(&times),
            Value::Texts(vectors.iter().map(String::as_str).collect()),
        ];
        Statement { sql, values: &values }.execute(conn).map(drop)
    }
}

/// Words with their places, as PostgreSQL reads them. They are letters and
/// digits only, so nothing has to be escaped.
fn vector(document: &Document) -> String {
    let Document { text, files } = document;
    let of_text = text.iter().enumerate().map(|(at, word)| (at + 1, word));
    let behind = text.len() + GAP;
    let of_files = files.iter().enumerate().map(|(at, word)| (behind + at, word));
    let placed = of_text.chain(of_files);
    let placed = placed.map(|(at, word)| format!("'{word}':{}", at.min(PLACES)));
    placed.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_placed_one_behind_the_other() {
        let vector = |content| vector(&Document::new(content, None));
        assert_eq!(vector("Grüße, 'you'; DROP"), "'gruße':1 'you':2 'drop':3");
        assert_eq!(vector("上海东"), "'上海':1 '海东':2 '东':3");
        assert_eq!(vector("!?"), "");
        let files = Some(r#"[{"name":"a.pdf"}]"#);
        let both = super::vector(&Document::new("see this", files));
        assert_eq!(both, "'see':1 'this':2 'a':4 'pdf':5");
    }
}
