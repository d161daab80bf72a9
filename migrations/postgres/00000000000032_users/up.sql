-- What the application says of a user: the URL of a picture, a JSON object, a JSON list
-- of roles; and when it has last said what they are called.
ALTER TABLE users ADD COLUMN avatar TEXT;
ALTER TABLE users ADD COLUMN custom TEXT;
ALTER TABLE users ADD COLUMN roles TEXT;
ALTER TABLE users ADD COLUMN named_at BIGINT;

-- Since when a user is deactivated.
ALTER TABLE user_bars ADD COLUMN deactivated_at BIGINT;

-- The words of names and ids by which users are found. Those of whom they are not
-- written yet get them when a server starts.
CREATE TABLE user_words (
    word TEXT COLLATE "C" NOT NULL,
    user_key BIGINT NOT NULL REFERENCES users (key),
    PRIMARY KEY (word, user_key)
);
CREATE INDEX user_words_user ON user_words (user_key);
ALTER TABLE users ADD COLUMN has_words BOOLEAN;
CREATE INDEX users_without_words ON users (key) WHERE has_words IS NULL AND deleted_at IS NULL;
