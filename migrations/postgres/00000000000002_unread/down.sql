CREATE UNIQUE INDEX messages_seq ON messages (room_key, seq);
DROP INDEX messages_room;
