-- One node has a file to itself: what several need is in PostgreSQL only.
SELECT 1;
