ALTER TABLE attachments DROP COLUMN waveform;
ALTER TABLE attachments DROP COLUMN duration_ms;
