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
