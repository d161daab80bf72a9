//! Assistants: what an assistant is told at once, and for how long it waits.

use std::time::Duration;

/// Entries of a page where the assistant names no number: all that a model is told goes
/// into its context.
pub const ASSISTANT_PAGE: u32 = 20;
/// The most that it may ask for.
pub const ASSISTANT_PAGE_MAX: u32 = 50;
/// Characters of a message in a list, some 500 tokens; all of one is read alone.
pub const ASSISTANT_TEXT: usize = 2_000;
/// How long an assistant waits for something new if it names no time. Its program gives
/// up after 60 s, as a rule.
pub const ASSISTANT_WAIT: Duration = Duration::from_secs(25);
/// The most that it may ask for.
pub const ASSISTANT_WAIT_MAX: Duration = Duration::from_secs(50);
/// How often it is looked whether there is something new while no socket says so.
pub const ASSISTANT_LOOK: Duration = Duration::from_secs(10);
/// The same over HTTP, where there is no socket: people wait for an answer, and one look is
/// a few short reads.
pub const ASSISTANT_LOOK_WITHIN: Duration = Duration::from_secs(1);
/// Calls over HTTP that one user may have under way, most of which wait.
pub const ASSISTANT_CALLS: usize = 8;
/// The same of all users of a node: each that waits looks once a second.
pub const ASSISTANT_CALLS_AT_ONCE: usize = 256;
/// Assistants over HTTP of which a node remembers what they were told, and which messages
/// may have been stored. One that is forgotten is told once more.
pub const ASSISTANT_MEMORIES: usize = 1_000;
/// Requests that wait for the thread that answers assistants over HTTP.
pub const WITHIN_WAITING: usize = 256;
/// Time limit for one request to the server.
pub const ASSISTANT_TIMEOUT: Duration = Duration::from_secs(15);
/// Time for all that one call of a tool asks again: then the model learns of it, before its
/// program gives up.
pub const ASSISTANT_PATIENCE: Duration = Duration::from_secs(40);
/// How long a start waits to be told by the server whom the assistant speaks for.
pub const ASSISTANT_START: Duration = Duration::from_secs(3);
/// For how long a message that may or may not have been stored keeps its key, and for how
/// many that is remembered.
pub const ASSISTANT_UNSETTLED: Duration = Duration::from_secs(600);
pub const ASSISTANT_UNSETTLED_MAX: usize = 32;
/// Over HTTP, for how long the same text in the same place is the same message, since its
/// answer may have been lost: a model calls again within seconds.
pub const ASSISTANT_REPEATS: Duration = Duration::from_secs(60);
/// Rooms that are looked through for something new.
pub const ASSISTANT_ROOMS: usize = 1_000;
/// How often one is made that the server could not take just then, or did not answer.
pub const ASSISTANT_TRIES: u32 = 5;
/// Bytes of an answer that is read: a page of the longest messages.
pub const ASSISTANT_ANSWER_BYTES: usize = 2 * 1024 * 1024;
