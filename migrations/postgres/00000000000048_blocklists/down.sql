DROP TABLE blocklists;
