DROP TABLE unread_told;
