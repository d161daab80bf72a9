DROP TABLE indexed_rooms;
DROP TABLE message_words;
DROP TABLE nodes;
DROP TABLE feed;
