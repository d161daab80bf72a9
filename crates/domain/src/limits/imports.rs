//! Importing and exporting.

use std::time::Duration;

/// Bytes of a line of an import: the longest content that is usual, however its JSON is
/// escaped, and all that a message may have besides.
pub const IMPORT_LINE_BYTES: usize = 1024 * 1024;
/// Lines that are imported in one transaction: others write in between, and what is lost
/// by an interruption is little.
pub const IMPORT_LINES: usize = 1_000;
/// Bytes of lines that are held at once.
pub const IMPORT_BYTES: usize = 4 * 1024 * 1024;
/// Lines that a running server takes in one request: all others who write wait for them.
pub const IMPORT_CHUNK_LINES: usize = 250;
/// Of these, what is no message: each takes up to eight statements, messages together a
/// few. On a PostgreSQL nobody else writes meanwhile.
pub const IMPORT_CHUNK_OTHERS: usize = 50;
/// Bytes of such a request: a line of the largest size, and as many usual ones.
pub const IMPORT_CHUNK_BYTES: usize = 4 * 1024 * 1024;
/// Bytes of lines after which `parlor import` sends what it has.
pub const IMPORT_SENT_BYTES: usize = 1024 * 1024;
/// Files of messages after which it sends, too: an import that is interrupted uploads so
/// many again at most, and those of one message.
pub const IMPORT_CHUNK_FILES: usize = 15;
/// Bytes of its report at most: a problem for each line.
pub const IMPORT_REPORT_BYTES: usize = 1024 * 1024;
/// Time limit for one such request.
pub const IMPORT_TIMEOUT: Duration = Duration::from_secs(60);
/// Bytes of a file that is sent to a server, whose own limit is not known.
pub const FILE_SENT_BYTES: u64 = 4 * 1024 * 1024 * 1024;
/// How often a file is downloaded that could not be just then.
pub const FILE_DOWNLOAD_TRIES: u32 = 3;
/// Time limit for uploading a file of an import, however large: at 2 MB/s some 1 GB.
pub const FILE_UPLOAD_TIMEOUT: Duration = Duration::from_secs(600);
/// How often one is made that a server could not take just then, or did not answer.
pub const IMPORT_TRIES: u32 = 6;
/// Bytes of the id that a message has in the application that it comes from.
pub const IMPORTED_ID_BYTES: usize = 128;
/// Bytes of the path of a file of an import.
pub const FILE_PATH_BYTES: usize = 512;
/// Bytes of the URL of a file of an import: space for a signed one of a file store.
pub const FILE_URL_BYTES: usize = 2_048;
/// How long downloading one may take.
pub const FILE_DOWNLOAD_TIMEOUT: Duration = Duration::from_secs(60);
/// Rows that an export reads at once.
pub const EXPORT_ROWS: i64 = 500;
