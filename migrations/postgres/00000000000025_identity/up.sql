-- Who answers for a user: `account`, `application`, `key` or
-- `issuer:<iss>`. NULL for one who was seen before this was recorded: then it
-- is whose credentials come first.
ALTER TABLE users ADD COLUMN origin TEXT COLLATE "C";
UPDATE users SET origin = 'account' WHERE password_hash IS NOT NULL;
UPDATE users SET origin = 'key' WHERE key IN (SELECT user_key FROM api_keys);

-- SHA-256 of the id that a deleted user had, for as long as there can be
-- tokens of them; `deleted_at` is what these have to be newer than.
ALTER TABLE users ADD COLUMN former_id BYTEA;
CREATE INDEX users_former_id ON users (former_id) WHERE former_id IS NOT NULL;
CREATE INDEX users_forget ON users (deleted_at) WHERE former_id IS NOT NULL;

-- Nobody registers an id that differs from another one's in case alone.
CREATE INDEX users_id_lower ON users (lower(id));

-- The login whose tokens stay good, whenever they were issued.
ALTER TABLE user_bars ADD COLUMN keeps BIGINT;

-- All logins of a user end together.
CREATE INDEX refresh_tokens_user ON refresh_tokens (user_key);
