-- Of which span of which trace something is told (https://www.w3.org/TR/trace-context/).
ALTER TABLE outbox ADD COLUMN traceparent TEXT;
