-- How long sound and films play, and how loud sound is over time: a byte for each part.
ALTER TABLE attachments ADD COLUMN duration_ms BIGINT;
ALTER TABLE attachments ADD COLUMN waveform BLOB;
