DROP TABLE unread_waiting;
DROP TABLE unread_told;
