DROP FUNCTION parlor_read_feed(pg_snapshot, BIGINT, TEXT, pg_snapshot, TEXT, XID8, BIGINT, BIGINT);
DROP FUNCTION parlor_feed_run();
DROP TABLE feed_run;
ALTER TABLE feed DROP COLUMN xid;
