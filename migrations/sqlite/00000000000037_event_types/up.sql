-- What is submitted in an application's own transaction is PostgreSQL's only.
SELECT 1;
