//! Tokens, passwords, issuers and keys.

use std::time::Duration;

/// Length of a password in bytes: the minimum is NIST SP 800-63B's, the maximum
/// keeps hashing from being an attack.
pub const PASSWORD_BYTES: std::ops::RangeInclusive<usize> = 8..=256;
/// Bytes of a token; longer ones are refused unread.
pub const TOKEN_BYTES: usize = 8 * 1024;
/// Maximum age of a token. Deleted ids are remembered for that long: an older
/// token must not open the account of whoever has the id next. More than a year,
/// so that a token may be valid for one; programs have keys instead.
pub const TOKEN_AGE_MAX: Duration = Duration::from_secs(400 * 24 * 3600);
/// Bytes of a token's `iss`, which is stored with each of its users.
pub const ISSUER_BYTES: usize = 255;
/// Log lines per second that say why a token was refused. Whoever guesses tokens
/// must not fill the log; beyond, they are counted.
pub const REFUSALS_LOGGED: u32 = 20;
/// Minimum size of an issuer's RSA key in bits (RFC 7518 section 3.3).
pub const RSA_BITS_MIN: usize = 2_048;

/// Passwords hashed at once. Each takes 19 MiB and a core for some 20 ms.
pub const HASHES_AT_ONCE: usize = 2;
/// Logins that may wait for a hash. Beyond: `unavailable`.
pub const HASHES_WAITING: usize = 64;

/// Users kept in memory, so that a token costs no read.
pub const KNOWN_USERS: usize = 100_000;

/// Time limit for fetching an issuer's keys.
pub const JWKS_TIMEOUT: Duration = Duration::from_secs(5);
/// Largest size of an issuer's key document.
pub const JWKS_BYTES: usize = 256 * 1024;
/// How long the issuer's keys are cached.
pub const JWKS_AGE: Duration = Duration::from_secs(600);
/// Minimum interval between fetches, however many unknown keys are named.
pub const JWKS_RETRY: Duration = Duration::from_secs(5);

/// How long an auth service may be given to answer: a new socket has 10 s for all
/// of it (`PARLOR_AUTH_TIMEOUT`), and its question may wait for its turn as long.
pub const AUTH_TIMEOUT_MAX: Duration = Duration::from_secs(4);
/// How long its answers may be kept: whom it has logged out since, it cannot say.
pub const AUTH_CACHE_MAX: Duration = Duration::from_secs(600);
/// How long a refusal is kept. Short, because the token may become good; long enough
/// for a client that repeats it without a pause.
pub const AUTH_REFUSED_FOR: Duration = Duration::from_secs(5);
/// Largest answer of an auth service, which is about one user.
pub const AUTH_ANSWER_BYTES: usize = 16 * 1024;
/// Answers kept, some 500 bytes each.
pub const AUTH_ANSWERS: usize = 20_000;
/// Questions to an auth service at once; more wait. At 20 ms each they are 3,200 a
/// second.
pub const AUTH_QUESTIONS: usize = 64;
/// Questions that wait. Beyond: `unavailable`. As many as are answered at that pace
/// within a third of a second.
pub const AUTH_QUESTIONS_WAITING: usize = 1_024;
/// Questions of one address, waiting or not: a quarter, so that whoever tries tokens
/// leaves places to others, and an office that reconnects is served in turns.
pub const AUTH_QUESTIONS_PER_ADDRESS: usize = 272;

/// Number of active API keys.
pub const API_KEYS: i64 = 1_000;
/// Bytes of a token's `jti`.
pub const ID_BYTES: usize = 128;
/// How long a revoked token is remembered if its expiry is not given.
pub const REVOKED_FOR: Duration = Duration::from_secs(30 * 24 * 3600);
/// How long a used refresh token may be used once more, in case the response
/// was lost. A thief could do the same, and is detected at the next use (RFC
/// 9700 section 4.14.2).
pub const REFRESH_GRACE: Duration = Duration::from_secs(10);

/// What one administrator or program reads in an hour that is written down each; of what is
/// beyond, one entry for each kind of call.
pub const READS_NOTED_EACH: usize = 1_000;
/// What a server remembers to have written down in this hour; when it is more, some of it is
/// written down again.
pub const READS_NOTED: usize = 100_000;
