-- The feed is PostgreSQL's only.
SELECT 1;
