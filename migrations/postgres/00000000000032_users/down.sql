DROP INDEX users_without_words;
ALTER TABLE users DROP COLUMN has_words;
DROP TABLE user_words;
ALTER TABLE user_bars DROP COLUMN deactivated_at;
ALTER TABLE users DROP COLUMN named_at;
ALTER TABLE users DROP COLUMN roles;
ALTER TABLE users DROP COLUMN custom;
ALTER TABLE users DROP COLUMN avatar;
