//! The documentation says the numbers that are in the code.

use std::{collections::BTreeMap, time::Duration};

use serde_json::Value;

use super::*;

/// With a comma between thousands, as the documents write it.
fn grouped(number: i128) -> String {
    let digits = number.to_string();
    let group = |(n, digit): (usize, char)| {
        let comma = (n > 0 && (digits.len() - n).is_multiple_of(3)).then_some(',');
        comma.into_iter().chain([digit])
    };
    digits.chars().enumerate().flat_map(group).collect()
}

fn number(number: impl TryInto<i128>) -> String {
    grouped(number.try_into().ok().expect("a small number"))
}

fn bytes(bytes: impl TryInto<i128>) -> String {
    let bytes = bytes.try_into().ok().expect("a small number");
    let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match units.iter().find(|(unit, _)| bytes >= *unit && bytes % unit == 0) {
        Some((unit, name)) => format!("{} {name}", grouped(bytes / unit)),
        None => format!("{} bytes", grouped(bytes)),
    }
}

fn time(time: Duration) -> String {
    let whole = |unit, name| {
        let count = time.as_millis() / unit;
        time.as_millis().is_multiple_of(unit).then(|| format!("{count} {name}"))
    };
    // In the largest unit that the documents use for as much.
    let days = whole(86_400_000, "days").filter(|_| time.as_secs() > 86_400);
    let hours = || whole(3_600_000, "hours").filter(|_| time.as_secs() > 3_600);
    let minutes = || whole(60_000, "min").filter(|_| time.as_secs() > 180);
    let ms = || format!("{} ms", time.as_millis());
    days.or_else(hours).or_else(minutes).or_else(|| whole(1_000, "s")).unwrap_or_else(ms)
}

fn document(name: &str) -> String {
    let path = format!("{}/../../{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn the_documents_say_the_constants() {
    let Limits {
        frame_bytes,
        queued_frames,
        queued_bytes,
        connections_per_user,
        rooms_per_user,
        placed_rooms_per_user,
        replay_events,
        writes_in_flight,
        big_room_members,
        inbox_events,
        attachment_bytes,
        attachment_bytes_per_day,
        attachment_bytes_per_user,
        connections_per_address,
        ..
    } = Limits::default();
    let page_bytes = bytes(Limits::default().page_bytes());
    let (queued_frames, queued_bytes) = (number(queued_frames), bytes(queued_bytes));
    let (frame_bytes, per_address) = (bytes(frame_bytes), number(connections_per_address));
    let (big_room, image_bytes) = (number(big_room_members), bytes(IMAGE_BYTES));
    let (shortest, longest) = (PASSWORD_BYTES.start(), PASSWORD_BYTES.end());
    #[rustfmt::skip]
    let said: &[(&str, &[String])] = &[
        ("docs/PROTOCOL.md", &[
            format!("at most {ROOMS_PIECE} rooms and {}", bytes(ROOMS_PIECE_BYTES)),
            format!("removes up to {} members", number(MEMBERS_AT_ONCE)),
            format!("more than {MEMBERS_TOLD} members come, go"),
            format!("have {BULK_WAITING_EACH} more waiting, and all together {BULK_WAITING} per node"),
            format!("A page looks at {} rooms at most", number(ROOMS_EXAMINED)),
            format!("the first {} of the user's rooms", number(ROOMS_SORTED)),
            format!("at most {} positions back from the last message", number(UNREAD_BACK)),
            format!("kept for the {} threads", number(THREADS_FOLLOWED)),
            format!("and for the {THREADS_BY_OTHERS} that others have made them follow"),
            format!("At most {BLOCKLISTS} lists of the deployment, with {} words each", number(BLOCKED_WORDS)),
            format!("and {} words and {BLOCKED_PATTERNS} patterns together", number(BLOCKED_WORDS_IN_ALL)),
            format!("at most {BLOCKLISTS_PER_ROOM} of a room, with {BLOCKED_WORDS_PER_ROOM} words and {BLOCKED_PATTERNS_PER_ROOM} patterns"),
            format!("{BLOCKED_WORD_CHARS} characters a word, of at most {BLOCKED_WORD_TOKENS} parts"),
            format!("and {BLOCKED_PATTERN_CHARS} a pattern"),
            format!("at most {REPORTS_PER_USER} reports of one user wait to be decided"),
            format!("the newest {} decided ones are kept", number(REPORTS_DECIDED)),
            format!("(the first {REPORTERS_SHOWN}: `user`, `reason`"),
            format!("`note` a text of at most {REPORT_NOTE_CHARS} characters"),
            format!("newest {DRAFTS_PER_USER} drafts of a user are kept"),
            format!("(at most {NOTE_CHARS} characters)"),
            format!("more than {} saved messages", number(SAVED_PER_USER)),
            format!("from {SCHEDULED_SECONDS_MIN} seconds to {} days ahead", SCHEDULED_SECONDS_MAX / 86_400),
            format!("At most {SCHEDULED_PER_USER} of a user wait"),
            format!("percent-encoded; at most {})", bytes(CUSTOM_FILTER_BYTES)),
            format!("messages of {} or more", bytes(COMPRESSION_MIN_BYTES)),
            format!("1 to {REQUEST_ID_BYTES} bytes of text"),
            format!("the first {REACTION_USERS}; all of them with"),
            format!("At most {MENTIONS} mentions"),
            format!("at most {ATTACHMENTS_PER_MESSAGE}; `content` may"),
            format!("not sent within {}", time(LOOSE_UPLOAD_AGE)),
            format!("at most {UPLOADS_PER_USER} unsent uploads"),
            format!("administrator or an API key {}", number(UPLOADS_PER_BACKEND as usize)),
            format!("at most {UPLOADS_AT_ONCE_EACH} uploads in progress"),
            format!("all users together {UPLOADS_AT_ONCE} per node"),
            format!("at most {THUMBNAIL_SIDE} pixels per side"),
            format!("(at most {} days; it counts", MEDIA_MS_MAX / 86_400_000),
            format!("1 to {WAVEFORM_PARTS} whole numbers from 0 to {LOUDNESS_MAX}"),
            format!("({}; from {LINK_SECONDS_MIN} to {})", number(LINK_SECONDS), number(LINK_SECONDS_MAX)),
            format!("more than {image_bytes}, of more than {} pixels", number(IMAGE_SIDE)),
            format!("more than {} to decode", bytes(IMAGE_ALLOC)),
            format!("(`frame_bytes`), at most {}", number(RESUME_ROOMS)),
            format!("1 to {EMOJI_BYTES} bytes, visible; at most {EMOJIS_PER_MESSAGE}"),
            format!("at most {PINS_PER_ROOM} pins"),
            format!("by itself after {}", time(TYPING_TTL)),
            format!("with more than {big_room} members, instead"),
            format!("(with a burst of {PRESENCE_BURST})"),
            format!("the newest {} events", number(inbox_events)),
            format!("`data?` (at most {})", bytes(EVENT_BYTES)),
            format!("a repeated key within {}", time(PUBLICATION_TTL)),
            format!("takes it over after {}", time(SERVICE_IDLE)),
            format!("keeps some {} entries", number(SERVICE_DEAD)),
            format!("More than {} missed events", number(replay_events)),
            format!("at most {} by other users", number(placed_rooms_per_user)),
            format!("An address may have {per_address} (`PARLOR"),
            format!("and {GUESTS_PER_ADDRESS} WebSockets"),
            format!("connection is kept for {}", time(HTTP_IDLE)),
            format!("responses above {}", bytes(ANSWER_SMALL)),
            format!("{} may wait per user and {} per address (429 `rate_limited`), and {} in all", bytes(ANSWER_BYTES_PER_USER), bytes(ANSWER_BYTES_PER_ADDRESS), bytes(ANSWER_BYTES)),
            format!("at most {LIST_PAGE_MAX} entries per page"),
            format!("half of `queued_bytes` ({page_bytes})"),
            format!("The default `limit` is {HISTORY_PAGE}"),
            format!("`password` ({shortest} to {longest} bytes)"),
            format!("except within {}", time(REFRESH_GRACE)),
            format!("`title?` (at most {TITLE_CHARS} characters)"),
            format!("`topic?` ({})", number(TOPIC_CHARS)),
            format!("(an object, {})", bytes(METADATA_BYTES)),
            format!("`limit?` ({SEARCH_PAGE}, at most {SEARCH_PAGE_MAX})"),
            format!("At most {} (`conflict`)", number(BLOCKS_PER_USER)),
            format!("`reason?` ({REASON_CHARS} characters)"),
            format!("(default: in {})", time(REVOKED_FOR)),
            format!("at most {SEARCH_BYTES} bytes and {SEARCH_TERMS} terms"),
            format!("At most {} results", number(SEARCH_OFFSET_MAX)),
            format!("for {}, the longest such a token", time(TOKEN_AGE_MAX)),
            format!("after {}, 2 s, … {}", time(BACKOFF), time(BACKOFF_MAX)),
            format!("more than {} are waiting", number(WEBHOOKS_WAITING)),
            format!("the newest {} dead letters", number(DEAD_LETTERS)),
            format!("up to {WEBHOOKS_AT_ONCE} requests per receiver"),
            format!("`jti` (at most {ID_BYTES} bytes)"),
            format!("below {} bits", number(RSA_BITS_MIN)),
            format!("at most every {}, w", time(JWKS_RETRY)),
            format!("valid for at most {}", time(TOKEN_AGE_MAX)),
            format!("cut at {NAME_CHARS} characters"),
            format!("refusals for {}", time(AUTH_REFUSED_FOR)),
            format!("and {AUTH_QUESTIONS} in all; {} more wait, at most {AUTH_QUESTIONS_PER_ADDRESS} of one address", number(AUTH_QUESTIONS_WAITING)),
            format!("more than {} and what is no JSON object", bytes(AUTH_ANSWER_BYTES)),
            ]),
        ("docs/CALLBACKS.md", &[
            format!("cut at {CALLBACK_REASON_CHARS} characters"),
            format!("`frame_bytes` ({frame_bytes})"),
            format!("at most {}; without that for {} if it accepts, and {} if it refuses", number(ACCESS_SECONDS_MAX), time(ACCESS_GRANTED_FOR), time(ACCESS_REFUSED_FOR)),
            format!("keeps up to {} answers", number(ACCESS_KEPT)),
            format!("a user watches at most {WATCHED_EACH} rooms"),
            format!("not answered within {} of the end", time(WATCH_GRACE)),
            format!("at most {}). One attempt", time(CALLBACK_TIMEOUT_MAX)),
            format!("{CALLBACKS_AT_ONCE} places for questions under way, {CALLBACKS_EACH} for one user; {} more wait, {CALLBACKS_WAITING_EACH} of one user, for at most {}", number(CALLBACKS_WAITING), time(CALLBACK_QUEUE_TIMEOUT)),
            format!("{UNDECIDED_EACH} messages undecided, all users together {}", number(UNDECIDED)),
            format!("After {CALLBACK_FAILURES} failures in a row the application is not asked for {}", time(CALLBACK_PAUSE)),
            ]),
        ("docs/TRANSACTIONS.md", &[
            format!("more than {} bytes, `metadata` more than {}", number(EVENT_BYTES), number(METADATA_BYTES)),
            format!("more than {ATTACHMENTS_PER_MESSAGE} attachments"),
            format!("The newest {} are kept", number(SUBMISSIONS_REFUSED)),
            format!("again every {}", time(SUBMISSION_PAUSE)),
            format!("every {} while something was submitted in the last {}", time(SUBMISSION_TICK), time(SUBMISSION_BUSY)),
            format!("its lease has expired ({})", time(NODE_LEASE)),
            format!("other rooms, up to {SUBMISSION_ROOMS},"),
        ]),
        ("docs/CLIENT.md", &[
            format!("good at least ({})", number(LINK_SECONDS)),
        ]),
        ("docs/OPERATIONS.md", &[
            format!("At most {REFUSALS_LOGGED} such lines a second"),
            format!("20 MiB, {} for the cache", bytes(WRITE_CACHE_KIB * 1024)),
            format!("up to {} for each thumbnail", bytes(IMAGE_ALLOC)),
            format!("some {} per worker thread", number(CONNECTIONS_PER_WORKER)),
            format!("{} per process", number(CONNECTIONS_MAX)),
            format!("{READ_CONNECTIONS} for reading, {SEARCH_CONNECTIONS} for searching"),
            format!("and {READ_CONNECTIONS} to a replica"),
            format!("no answer within {}, is made on the primary", time(REPLICA_READ_TIMEOUT)),
            format!("from {}s to {}m", REPLICA_LAG.start().as_secs(), REPLICA_LAG.end().as_secs() / 60),
            format!("retry after {}", time(RETRY_AFTER)),
            format!("at {}, requests are", number(FANOUT_BACKLOG)),
            format!("lease has expired ({})", time(NODE_LEASE)),
            format!("the feed is kept ({})", time(FEED_KEPT)),
            format!("beyond {} writes `unavailable`", number(writes_in_flight)),
            format!("cancelled after {}", time(POSTGRES_STATEMENT_TIMEOUT)),
            format!("requests time out after {}", time(STORE_TIMEOUT)),
            format!("more than {} are waiting", number(WEBHOOKS_WAITING)),
            format!("the newest {} per receiver", number(DEAD_LETTERS)),
            ]),
        ("docs/SECURITY.md", &[
            format!("{AUTH_QUESTIONS} at once, {} waiting, {AUTH_QUESTIONS_PER_ADDRESS} of one address", number(AUTH_QUESTIONS_WAITING)),
            format!("of the others {} are kept", bytes(REQUEST_PIECE)),
            format!("pace of {} per second; of one address {per_address}", bytes(PACE)),
            format!("answers above {} that wait: {}", bytes(ANSWER_SMALL), bytes(ANSWER_BYTES_PER_USER)),
            format!("{} of an address, {} in all", bytes(ANSWER_BYTES_PER_ADDRESS), bytes(ANSWER_BYTES)),
            format!("{GUESTS_PER_ADDRESS} sockets without a token"),
            format!("{} of one request, in a few statements; one such request at a time, {BULK_WAITING_EACH} of a user waiting; more than {MEMBERS_TOLD} are", number(MEMBERS_AT_ONCE)),
            format!("are {queued_frames} frames and {queued_bytes}"),
            format!("a frame has at most {frame_bytes}"),
            format!("a token {} (refused", bytes(TOKEN_BYTES)),
            format!("{HASHES_AT_ONCE} hashes at once and {HASHES_WAITING} waiting; passwords of {shortest}"),
            format!("from {} bits on", number(RSA_BITS_MIN)),
            format!("{} at most", time(TOKEN_AGE_MAX)),
            format!("at most {LOGGED_BYTES} bytes of a path"),
            format!("{REFUSALS_LOGGED} reasons for refused tokens"),
            format!("every {}, for at most {}", time(JWKS_RETRY), bytes(JWKS_BYTES)),
            format!("separately ({})", number(placed_rooms_per_user)),
            format!("as their own ({})", number(rooms_per_user)),
            format!("{MENTIONS} mentions of one message"),
            format!("{REQUESTS_IN_FLIGHT} requests unanswered"),
            format!("{connections_per_user} connections (4409)"),
            format!("{LIST_PAGE_MAX} entries and {page_bytes}"),
            format!("pieces of {ROOMS_PIECE} and {}", bytes(ROOMS_PIECE_BYTES)),
            format!("{PINS_PER_ROOM} pins, {EMOJIS_PER_MESSAGE} reactions, {ATTACHMENTS_PER_MESSAGE} attachments"),
            format!("{} of metadata", bytes(METADATA_BYTES)),
            format!("{TITLE_CHARS} and {} characters of title", number(TOPIC_CHARS)),
            format!("more than {big_room} do not"),
            format!("with a burst of {PRESENCE_BURST};"),
            format!("have {COUNTS_AT_ONCE} places"),
            format!("{} a file, {UPLOADS_PER_USER} files that were not sent, {} a day and {} in all", bytes(attachment_bytes), bytes(attachment_bytes_per_day), bytes(attachment_bytes_per_user)),
            format!("{UPLOADS_AT_ONCE_EACH} at once per user, {UPLOADS_AT_ONCE} per node"),
            format!("{}, {} pixels a side, a file of {image_bytes}", bytes(IMAGE_ALLOC), number(IMAGE_SIDE)),
            format!("{SEARCH_BYTES} bytes and {SEARCH_TERMS} words; {SEARCH_CONNECTIONS} at once"),
            format!("{SEARCHES_EACH} of one user, {SEARCHES_WAITING} waiting, {SEARCHES_WAITING_EACH} of one user, for {}; {} results", time(SEARCH_QUEUE_TIMEOUT), number(SEARCH_OFFSET_MAX)),
            ]),
        ("docs/SCALING.md", &[
            format!("a lease in PostgreSQL ({},", time(NODE_LEASE)),
            format!("(of {NODE_NUMBERS} numbers)"),
            ]),
        ("docs/PROXIES.md", &[
            format!("`PARLOR_ATTACHMENT_BYTES` ({})", bytes(attachment_bytes)),
            format!("HTTP connections ({per_address},"),
            format!("of theirs for {}", time(HTTP_IDLE_PROXY)),
            format!("body at {} per second", bytes(PACE)),
            ]),
        ("docs/CLIENT.md", &[
            format!("more than {} events", number(replay_events)),
            format!("at most {} |", bytes(METADATA_BYTES)),
            format!("repeat it every {}", time(TYPING_REPEAT)),
            format!("pages of at most {LIST_PAGE_MAX}"),
            ]),
        ("docs/ASSISTANTS.md", &[
            format!("Pages have {ASSISTANT_PAGE} entries, at most {ASSISTANT_PAGE_MAX}"),
            format!("cut at {} characters", number(ASSISTANT_TEXT)),
            format!("`seconds?` ({}, at most {})", ASSISTANT_WAIT.as_secs(), ASSISTANT_WAIT_MAX.as_secs()),
            format!("at most {ASSISTANT_TRIES} times within {}", time(ASSISTANT_PATIENCE)),
            format!("again within {}", time(ASSISTANT_UNSETTLED)),
            ]),
        ("docs/IMPORT.md", &[
            format!("at most {} each", bytes(IMPORT_LINE_BYTES)),
            format!("each {} lines are one transaction", number(IMPORT_LINES)),
            format!("is sent up to {IMPORT_TRIES} times"),
            format!("at most {IMPORT_CHUNK_LINES} lines and {}", bytes(IMPORT_CHUNK_BYTES)),
            format!("`message_id` (1 to {IMPORTED_ID_BYTES} bytes"),
            format!("`attachments?` (at most {ATTACHMENTS_PER_MESSAGE}, each"),
            format!("downloaded (within {} each", time(FILE_DOWNLOAD_TIMEOUT)),
            format!("may take {} a file", time(FILE_UPLOAD_TIMEOUT)),
            format!("none may have more than {}", bytes(FILE_SENT_BYTES)),
            format!("at most {} that are not in a message", number(UPLOADS_PER_BACKEND as usize)),
            format!("it has {EMOJIS_PER_MESSAGE} different reactions"),
            ]),
        ("docs/PUSH.md", &[
            format!("at most {DEVICES_PER_USER} devices"),
            format!("or of more than {PUSH_NOTES_PER_DEVICE} rooms"),
            format!("after {}, 2 s, … {}", time(BACKOFF), time(BACKOFF_MAX)),
            format!("wants it, {PUSH_ATTEMPTS} times"),
            format!("the first {PUSH_TEXT_CHARS} characters"),
            ]),
        ("docs/COPYING.md", &[
            format!("counts for {}", time(NODE_LEASE)),
            format!("last batch of {} rows", number(COPY_ROWS)),
            ]),
        ("docs/ARCHITECTURE.md", &[
            format!("{PUSH_USERS_AT_ONCE} users told at once, {PUSH_COUNTED_AT_ONCE} counted | one note a user; {PUSH_USERS_PER_LANE} over"),
            format!("{UPLOADS_AT_ONCE} per process | {UPLOADS_AT_ONCE_EACH} per user"),
            format!("{THUMBNAILS_AT_ONCE} at once | {THUMBNAILS_AT_ONCE_EACH} per user"),
            format!("{SEARCH_CONNECTIONS} at once | {SEARCHES_EACH} per user, {SEARCHES_WAITING_EACH} waiting"),
            format!("{} | {} per user, {} per address", bytes(ANSWER_BYTES), bytes(ANSWER_BYTES_PER_USER), bytes(ANSWER_BYTES_PER_ADDRESS)),
            format!("{HASHES_AT_ONCE} at once, {HASHES_WAITING} waiting"),
            format!("{AUTH_QUESTIONS} at once, {} waiting | {AUTH_QUESTIONS_PER_ADDRESS} per address", number(AUTH_QUESTIONS_WAITING)),
            format!("| {} | limits on commands", number(writes_in_flight)),
            ]),
    ];
    let documents = said.iter().flat_map(|(name, phrases)| {
        let text = document(name);
        let missing = phrases.iter().filter(move |phrase| !text.contains(phrase.as_str()));
        missing.map(move |phrase| format!("{name}: {phrase}"))
    });
    assert_eq!(documents.collect::<Vec<_>>(), Vec::<String>::new());
}

/// The table of docs/PROTOCOL.md, "Limits": a line for each field, with its
/// default.
#[test]
fn the_protocol_lists_what_a_session_is_sent() {
    let text = document("docs/PROTOCOL.md");
    let (_, section) = text.split_once("\n## Limits").expect("it is there");
    let lines = section.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
    let listed: BTreeMap<_, _> =
        lines.filter_map(|(field, rest)| Some((field, rest.split_once(" |")?.0))).collect();
    let Value::Object(limits) = serde_json::to_value(Limits::default()).expect("JSON") else {
        panic!("an object");
    };
    for (field, value) in limits {
        let value = value.as_u64().expect("a number");
        let figure = if field.ends_with("_bytes") || field.contains("_bytes_") {
            bytes(value)
        } else {
            number(value)
        };
        assert_eq!(listed.get(field.as_str()), Some(&figure.as_str()), "{field}");
    }
}
