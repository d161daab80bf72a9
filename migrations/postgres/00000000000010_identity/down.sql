ALTER TABLE refresh_tokens DROP COLUMN next_hash;
DROP TABLE api_keys;
DROP TABLE user_bars;
DROP TABLE revoked_tokens;
