-- A function of PostgreSQL; SQLite has none.
SELECT 1;
