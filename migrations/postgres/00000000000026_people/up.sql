-- Who put a member into the room: nobody if they came themselves, 0 for the
-- application, or the key of a user. What others do is counted apart.
ALTER TABLE members ADD COLUMN placed_by BIGINT;
CREATE INDEX members_placed ON members (user_key, placed_by) WHERE placed_by IS NOT NULL;

-- Of a direct room: the other user was deleted, nobody would read.
ALTER TABLE members ADD COLUMN peer_deleted BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE members SET peer_deleted = TRUE
WHERE room_key IN (SELECT key FROM rooms WHERE kind = 'direct' AND member_count = 1 AND id IS NOT NULL);

-- Why somebody left, for those who are told over HTTP.
ALTER TABLE outbox ADD COLUMN reason TEXT;

-- A reply to a reply belongs to the thread of its root.
CREATE TEMPORARY TABLE nested AS
WITH RECURSIVE up (id, root) AS (
    SELECT reply.id, parent.thread_id
    FROM messages reply JOIN messages parent ON parent.id = reply.thread_id
    WHERE reply.thread_id IS NOT NULL AND parent.thread_id IS NOT NULL
    UNION
    SELECT up.id, parent.thread_id
    FROM up JOIN messages parent ON parent.id = up.root
    WHERE parent.thread_id IS NOT NULL
)
SELECT up.id, up.root FROM up JOIN messages top ON top.id = up.root WHERE top.thread_id IS NULL;
CREATE INDEX nested_id ON nested (id);

UPDATE messages SET thread_id = (SELECT root FROM nested WHERE nested.id = messages.id)
WHERE id IN (SELECT id FROM nested);
UPDATE messages SET thread_count = NULL, thread_last = NULL
WHERE thread_id IS NOT NULL AND thread_count IS NOT NULL;
UPDATE messages SET
    thread_count = (SELECT count(*) FROM messages reply
                    WHERE reply.thread_id = messages.id AND reply.deleted_at IS NULL),
    thread_last = (SELECT reply.id FROM messages reply
                   WHERE reply.thread_id = messages.id AND reply.deleted_at IS NULL
                   ORDER BY reply.seq DESC LIMIT 1)
WHERE id IN (SELECT root FROM nested);
DROP TABLE nested;
