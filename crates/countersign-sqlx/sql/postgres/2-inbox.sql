-- countersign, PostgreSQL, 2: the inbox. It needs the table and the sequence of file 1.
--
-- state: 1 ready, 2 running, 3 done, 4 dead, 5 discarded.
-- due: of a ready message when it is to be handled, of a running one when its lease ends, of the others since
-- when they are what they are.
-- position: the order within a lane.
-- request: the request without its body, as JSON.

CREATE TABLE IF NOT EXISTS countersign_inbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key bytea NOT NULL,
    fence bigint NOT NULL,
    state smallint NOT NULL,
    due timestamptz NOT NULL,
    attempt integer NOT NULL,
    replays integer NOT NULL,
    position bigint NOT NULL,
    lane bytea,
    endpoint text NOT NULL,
    tenant text,
    sender text NOT NULL,
    event_id text,
    event_type text,
    received timestamptz NOT NULL,
    worker text,
    error text,
    request text NOT NULL,
    body bytea NOT NULL
);

CREATE INDEX IF NOT EXISTS countersign_inbox_live
    ON countersign_inbox (endpoint, due, id) WHERE state IN (1, 2);

CREATE INDEX IF NOT EXISTS countersign_inbox_lane
    ON countersign_inbox (lane, position) WHERE lane IS NOT NULL AND state IN (1, 2, 4);

CREATE INDEX IF NOT EXISTS countersign_inbox_ended
    ON countersign_inbox (state, due) WHERE state IN (3, 4, 5);

CREATE TABLE IF NOT EXISTS countersign_attempts (
    message bigint NOT NULL,
    fence bigint NOT NULL,
    number integer NOT NULL,
    ended timestamptz NOT NULL,
    took_ms bigint NOT NULL,
    outcome text NOT NULL,
    worker text NOT NULL,
    error text,
    PRIMARY KEY (message, fence)
);

CREATE TABLE IF NOT EXISTS countersign_paused (
    endpoint text PRIMARY KEY,
    since timestamptz NOT NULL
);

CREATE TABLE IF NOT EXISTS countersign_inbox_meta (
    id integer PRIMARY KEY CHECK (id = 1),
    schema integer NOT NULL
);

INSERT INTO countersign_inbox_meta VALUES (1, 1) ON CONFLICT DO NOTHING;
