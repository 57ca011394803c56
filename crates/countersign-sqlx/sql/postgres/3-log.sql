-- countersign, PostgreSQL, 3: the delivery log. It needs no other file.
--
-- at: by the clock of the machine that received the request.
-- header_names: one name a line.
-- bytes: what the line counts for in the retention.

CREATE TABLE IF NOT EXISTS countersign_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    endpoint text NOT NULL,
    tenant text,
    sender text NOT NULL,
    outcome text NOT NULL,
    rejection text,
    reason text,
    status bigint NOT NULL,
    key_name text,
    key bytea,
    message bigint,
    event_id text,
    event_type text,
    verified boolean NOT NULL,
    body_bytes bigint NOT NULL,
    took_us bigint NOT NULL,
    header_names text NOT NULL,
    bytes bigint NOT NULL
);

CREATE INDEX IF NOT EXISTS countersign_log_endpoint ON countersign_log (endpoint, id);

-- What is not as it is to be, and so is searched for: a line of success costs nothing here.
CREATE INDEX IF NOT EXISTS countersign_log_outcome
    ON countersign_log (outcome, endpoint, id) WHERE outcome NOT IN ('handled', 'stored');

CREATE INDEX IF NOT EXISTS countersign_log_event
    ON countersign_log (event_id, id) WHERE event_id IS NOT NULL;

CREATE INDEX IF NOT EXISTS countersign_log_key
    ON countersign_log (key, id) WHERE key IS NOT NULL;

CREATE TABLE IF NOT EXISTS countersign_log_captures (
    line bigint PRIMARY KEY,
    at timestamptz NOT NULL,
    request text NOT NULL
);

CREATE TABLE IF NOT EXISTS countersign_rates (
    minute timestamptz NOT NULL,
    endpoint text NOT NULL,
    outcome text NOT NULL,
    rejection text NOT NULL,
    requests bigint NOT NULL,
    took_us bigint NOT NULL,
    PRIMARY KEY (minute, endpoint, outcome, rejection)
);

CREATE TABLE IF NOT EXISTS countersign_log_meta (
    id integer PRIMARY KEY CHECK (id = 1),
    schema integer NOT NULL,
    bytes bigint NOT NULL
);

INSERT INTO countersign_log_meta VALUES (1, 1, 0) ON CONFLICT DO NOTHING;
