DROP TABLE refresh_tokens;
DROP TABLE messages;
DROP TABLE receipts;
DROP TABLE members;
DROP TABLE room_heads;
DROP TABLE rooms;
DROP TABLE users;
