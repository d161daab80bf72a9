-- Publishes an event of the application's into a room. The same key again publishes
-- nothing. Gives the number of the submission.
CREATE OR REPLACE FUNCTION parlor_publish(
    room TEXT,
    type TEXT,
    data JSONB DEFAULT '{}',
    key  TEXT DEFAULT NULL
) RETURNS BIGINT
LANGUAGE plpgsql SECURITY DEFINER
AS $$
BEGIN
    IF parlor_publish.type IS NULL THEN
        RAISE EXCEPTION 'type is missing' USING ERRCODE = 'null_value_not_allowed';
    END IF;
    IF parlor_publish.type !~ '^[a-z0-9_-]+([.][a-z0-9_-]+)*$' OR length(parlor_publish.type) > 64
    THEN
        RAISE EXCEPTION 'type "%" is not the type of an event', left(parlor_publish.type, 64)
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'It must be words of a-z 0-9 _ - separated by dots, at most 64 characters.';
    END IF;
    IF split_part(parlor_publish.type, '.', 1) IN (
        'ack', 'admin', 'attachment', 'auth', 'connection', 'error', 'history', 'inbox', 'member',
        'message', 'parlor', 'ping', 'pong', 'presence', 'reaction', 'receipts', 'room', 'server',
        'session', 'thread', 'typing', 'user'
    ) THEN
        RAISE EXCEPTION 'type "%" begins with a word that Parlor reserves', parlor_publish.type
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Begin with a word of the application, such as task.updated. '
                         'parlor_send sends a message.';
    END IF;
    IF octet_length(data::text) > 16384 THEN
        RAISE EXCEPTION 'data has % bytes, of at most 16384', octet_length(data::text)
            USING ERRCODE = 'program_limit_exceeded',
                  HINT = 'Publish where the rest can be read.';
    END IF;
    IF octet_length(key) NOT BETWEEN 1 AND 128 THEN
        RAISE EXCEPTION 'key must have 1 to 128 bytes' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN parlor_submit(room, NULL, jsonb_build_object(
        'type', parlor_publish.type,
        'data', coalesce(data, '{}'),
        -- Not the row's number: in a copy of the database these begin again, and would
        -- be taken for repeats.
        'Idempotency-Key', coalesce(key, gen_random_uuid()::text)
    ));
END
$$;
