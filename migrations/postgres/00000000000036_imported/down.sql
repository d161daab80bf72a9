DROP TABLE imported_messages;
