DROP INDEX refresh_tokens_user;
ALTER TABLE user_bars DROP COLUMN keeps;
DROP INDEX users_id_lower;
DROP INDEX users_forget;
DROP INDEX users_former_id;
ALTER TABLE users DROP COLUMN former_id;
ALTER TABLE users DROP COLUMN origin;
