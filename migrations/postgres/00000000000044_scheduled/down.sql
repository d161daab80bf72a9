DROP TABLE scheduled;
