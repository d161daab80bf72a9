-- Unread messages are counted from this index alone, without a look at the
-- rows: a tenth of the time (docs/PERFORMANCE.md). `seq` is taken under the
-- write lock, so the index need not say that it is unique.
CREATE INDEX messages_room ON messages (room_key, seq, sender_key);
DROP INDEX messages_seq;
