ALTER TABLE outbox DROP COLUMN report_id;
DROP TABLE reported_by;
DROP TABLE reports;
