-- The feed is read by what has been committed since it was last read, which the
-- numbers of the transactions tell: no row is waited for, however late it commits
-- and however many numbers were given and not used.

-- The transaction that wrote the row. Its id names it in hints, and says nothing of
-- the order, because it is given before the commit.
ALTER TABLE feed ADD COLUMN xid XID8 NOT NULL DEFAULT pg_current_xact_id();
CREATE INDEX feed_xid ON feed (xid, id);

-- Numbers of transactions that had only been rolled back may be given again after a
-- crash and on a promoted standby. Exactly then a table that is not logged is empty.
CREATE UNLOGGED TABLE feed_run (
    one BOOLEAN NOT NULL DEFAULT TRUE PRIMARY KEY CHECK (one),
    run TEXT    NOT NULL DEFAULT gen_random_uuid()::TEXT
);

CREATE FUNCTION parlor_feed_run() RETURNS TEXT
LANGUAGE plpgsql
AS $$
DECLARE
    known TEXT;
BEGIN
    SELECT run INTO known FROM feed_run WHERE one;
    IF known IS NULL THEN
        INSERT INTO feed_run DEFAULT VALUES ON CONFLICT DO NOTHING;
        SELECT run INTO known FROM feed_run WHERE one;
    END IF;
    RETURN known;
END
$$;

-- What has been committed since a look at the feed, by number of transaction: a look
-- is a snapshot, which knows what had not been committed then.
CREATE FUNCTION parlor_read_feed(
    -- The look, when it was, in milliseconds, and in which run of the database.
    p_since    pg_snapshot,
    p_at       BIGINT,
    p_run      TEXT,
    -- The later look up to which to read, its run, and the last row of the page
    -- before; none for the first page.
    p_upto     pg_snapshot,
    p_upto_run TEXT,
    p_xid      XID8,
    p_id       BIGINT,
    p_limit    BIGINT
) RETURNS TABLE (
    ids   BIGINT[],
    items TEXT[],
    -- Whether it may have been there at the look: in another run the numbers do not
    -- tell, and what was written since, with five seconds for the clocks of two
    -- machines, may or may not be new.
    again BOOLEAN[],
    -- The last one's transaction.
    xid   TEXT,
    -- The look up to which this reads.
    upto  TEXT,
    at    BIGINT,
    run   TEXT
)
LANGUAGE plpgsql
-- By the index, whatever is known of a table that is filled and emptied all the time.
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_bitmapscan = off
-- Compiling it takes a hundred times as long as running it.
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    now_run TEXT := parlor_feed_run();
    doubted TIMESTAMPTZ := 'infinity';
BEGIN
    IF p_upto_run IS DISTINCT FROM now_run THEN
        -- What is numbered beyond it was written by another cluster, before a restore.
        p_upto := pg_current_snapshot();
        p_xid := '0';
        p_id := 0;
    END IF;
    IF p_run <> now_run THEN
        doubted := to_timestamp(p_at / 1000.0) - interval '5 s';
    END IF;
    RETURN QUERY
    SELECT coalesce(array_agg(new.id), '{}'), coalesce(array_agg(new.items), '{}'),
           coalesce(array_agg(new.again), '{}'), max(new.xid::TEXT::BIGINT)::TEXT,
           p_upto::TEXT, (extract(epoch FROM clock_timestamp()) * 1000)::BIGINT, now_run
    FROM (
        SELECT * FROM (
            (SELECT feed.id, feed.xid, feed.items, FALSE AS again FROM feed
             WHERE feed.xid = ANY (ARRAY(SELECT pg_snapshot_xip(p_since)))
               AND pg_visible_in_snapshot(feed.xid, p_upto))
            UNION ALL
            (SELECT feed.id, feed.xid, feed.items, FALSE FROM feed
             WHERE feed.xid >= greatest(pg_snapshot_xmax(p_since), p_xid)
               AND pg_visible_in_snapshot(feed.xid, p_upto)
               AND NOT (feed.xid = p_xid AND feed.id <= p_id)
             ORDER BY feed.xid, feed.id LIMIT p_limit)
            UNION ALL
            (SELECT feed.id, feed.xid, feed.items, TRUE FROM feed
             WHERE doubted < 'infinity' AND feed.at >= doubted
               AND pg_visible_in_snapshot(feed.xid, p_since)
               AND pg_visible_in_snapshot(feed.xid, p_upto))
        ) AS found
        WHERE found.xid > p_xid OR (found.xid = p_xid AND found.id > p_id)
        ORDER BY found.xid, found.id LIMIT p_limit
    ) AS new;
END
$$;
