-- Stores the plain messages of a batch in one call: nine round trips were most
-- of what a message cost. It takes the locks, finds repeats, and stores what is
-- beyond doubt; of the others it says nothing, and the server decides about them
-- with all its rules.
--
-- One that changes gets another name: nodes of the version before call this one.
CREATE FUNCTION parlor_store_messages(
    -- Advisory locks, in their order; none where the caller has them.
    p_locks      BIGINT[],
    p_ids        BIGINT[],
    p_rooms      BIGINT[],
    p_senders    BIGINT[],
    -- By the right of an administrator, who need not be a member.
    p_by_admin   BOOLEAN[],
    -- Of one sender each only once.
    p_client_ids TEXT[],
    p_contents   TEXT[],
    p_times      BIGINT[],
    -- Whether to leave a row in the feed.
    p_feed       BOOLEAN
) RETURNS TABLE (
    -- Which of the messages, from 1.
    place     BIGINT,
    -- It was stored before, perhaps in another room.
    repeats   BOOLEAN,
    id        BIGINT,
    room      BIGINT,
    seq       BIGINT,
    stored_at BIGINT,
    feed_id   BIGINT
)
LANGUAGE plpgsql
-- Planned once a connection, and by the indexes: a plan made while the tables were
-- empty reads them whole, and goes on so until they are analyzed. Nothing is joined
-- but by an index.
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
-- Groups come sorted, so that what is in one keeps its order.
SET enable_hashagg = off
AS $$
#variable_conflict use_column
BEGIN
    IF cardinality(p_locks) > 0 THEN
        PERFORM pg_advisory_xact_lock_shared(0);
        PERFORM pg_advisory_xact_lock(key) FROM unnest(p_locks) AS key;
    END IF;
    -- A statement of its own, so that it sees what was committed by those who
    -- had the locks before.
    RETURN QUERY
    WITH sent AS MATERIALIZED (
        SELECT new.*, old.id AS old_id, old.room_key AS old_room, old.seq AS old_seq,
               old.created_at AS old_at
        FROM unnest(p_ids, p_rooms, p_senders, p_by_admin, p_client_ids, p_contents, p_times)
             WITH ORDINALITY
             AS new (id, room, sender, by_admin, client_id, content, created_at, place)
        LEFT JOIN messages old
               ON old.sender_key = new.sender AND old.client_id = new.client_id
    ), allowed AS (
        SELECT sent.*
        FROM sent
        JOIN rooms r ON r.key = sent.room
        LEFT JOIN members m ON m.room_key = sent.room AND m.user_key = sent.sender
        WHERE sent.old_id IS NULL
          AND r.id IS NOT NULL
          AND r.rules IS NULL
          AND (sent.by_admin
               OR (NOT m.blocked AND NOT m.peer_deleted
                   AND (m.muted_until IS NULL OR m.muted_until <= sent.created_at)
                   AND (m.role IN ('moderator', 'owner')
                        OR (m.role = 'member' AND r.kind IN ('public', 'private', 'direct')))))
        ORDER BY sent.room, sent.place
    ), counted AS (
        SELECT room, count(*) AS messages, array_agg(place) AS places, array_agg(id) AS ids,
               array_agg(sender) AS senders, array_agg(client_id) AS client_ids,
               array_agg(content) AS contents, array_agg(created_at) AS times
        FROM allowed GROUP BY room
    ), moved AS (
        UPDATE room_heads h SET last_seq = h.last_seq + counted.messages
        FROM counted WHERE h.room_key = counted.room
        RETURNING h.last_seq AS last, h.last_seq - counted.messages AS before, counted.*
    ), numbered AS MATERIALIZED (
        SELECT moved.room, moved.before + one.nth AS seq, one.*
        FROM moved,
             unnest(moved.places, moved.ids, moved.senders, moved.client_ids, moved.contents,
                    moved.times)
             WITH ORDINALITY AS one (place, id, sender, client_id, content, created_at, nth)
    ), stored AS (
        INSERT INTO messages
            (id, room_key, seq, changed_seq, sender_key, client_id, content, created_at)
        SELECT id, room, seq, seq, sender, client_id, content, created_at FROM numbered
    ), recorded AS (
        INSERT INTO feed (items)
        SELECT '[' || string_agg(
                   format('{"t":"head","room":%s,"seq":%s}', room, last), ',' ORDER BY room
               ) || ']'
        FROM moved HAVING p_feed AND count(*) > 0
        RETURNING feed.id
    )
    SELECT numbered.place, FALSE, numbered.id, numbered.room, numbered.seq,
           numbered.created_at, (SELECT recorded.id FROM recorded)
    FROM numbered
    UNION ALL
    SELECT sent.place, TRUE, sent.old_id, sent.old_room, sent.old_seq, sent.old_at, NULL
    FROM sent WHERE sent.old_id IS NOT NULL;
END
$$;
