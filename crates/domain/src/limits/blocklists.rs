//! Lists of words and patterns that messages are checked against.

/// Lists of the deployment.
pub const BLOCKLISTS: i64 = 20;
/// Lists of one room.
pub const BLOCKLISTS_PER_ROOM: i64 = 5;
/// Words of one list of the deployment: a message costs the same whatever their number.
pub const BLOCKED_WORDS: usize = 10_000;
/// Words of all lists of the deployment together: some 4 MB of memory.
pub const BLOCKED_WORDS_IN_ALL: usize = 50_000;
/// Words of all lists of one room together: anybody may have rooms.
pub const BLOCKED_WORDS_PER_ROOM: usize = 500;
/// Characters of one such word, and of several that only count together.
pub const BLOCKED_WORD_CHARS: usize = 64;
/// Parts of a word that are compared as a whole, such as a letter of a script without spaces
/// or a sign: at each of a text's, so many may be looked at.
pub const BLOCKED_WORD_TOKENS: usize = 16;
/// Patterns of all lists of the deployment together: each is looked for by itself.
pub const BLOCKED_PATTERNS: usize = 50;
/// The same of one room.
pub const BLOCKED_PATTERNS_PER_ROOM: usize = 10;
/// Characters of one pattern.
pub const BLOCKED_PATTERN_CHARS: usize = 200;
/// Bytes of the automaton that a pattern becomes, in each direction. Larger ones are refused:
/// so a pattern reads each byte of a message once, whatever it is.
pub const BLOCKED_PATTERN_BYTES: usize = 1024 * 1024;
/// Bytes that one list of a room takes when it is ready, so that it is made ready within some
/// milliseconds: anybody may have rooms.
pub const BLOCKLIST_BYTES_OF_ROOM: usize = 1024 * 1024;
/// Places at which one pattern masks a message; with the last, all that follows is masked.
/// Looking for all of them could read the same text again for each.
pub const BLOCKED_PLACES: usize = 64;
/// Bytes of the body of a request that sets a list: the most words of the most characters, of
/// two bytes each.
pub const BLOCKLIST_BYTES: usize = 2 * 1024 * 1024;
/// Bytes of the rooms' lists that a server has ready; others are read when they are needed.
pub const BLOCKLISTS_READY_BYTES: usize = 64 * 1024 * 1024;
/// Rooms' lists that are made ready at a time: that may take some milliseconds of a processor
/// each.
pub const BLOCKLISTS_MADE_AT_ONCE: usize = 1;
