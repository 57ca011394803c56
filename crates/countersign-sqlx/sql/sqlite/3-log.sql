-- countersign, SQLite, 3: the delivery log. It needs no other file.
--
-- at: milliseconds since 1970, by the clock of the machine that received the request.
-- header_names: one name a line.
-- bytes: what the line counts for in the retention.

CREATE TABLE IF NOT EXISTS countersign_log (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    endpoint TEXT NOT NULL,
    tenant TEXT,
    sender TEXT NOT NULL,
    outcome TEXT NOT NULL,
    rejection TEXT,
    reason TEXT,
    status INTEGER NOT NULL,
    key_name TEXT,
    key BLOB,
    message INTEGER,
    event_id TEXT,
    event_type TEXT,
    verified INTEGER NOT NULL,
    body_bytes INTEGER NOT NULL,
    took_us INTEGER NOT NULL,
    header_names TEXT NOT NULL,
    bytes INTEGER NOT NULL
) STRICT;

CREATE INDEX IF NOT EXISTS countersign_log_endpoint ON countersign_log (endpoint, id);

-- What is not as it is to be, and so is searched for: a line of success costs nothing here.
CREATE INDEX IF NOT EXISTS countersign_log_outcome
    ON countersign_log (outcome, endpoint, id) WHERE outcome NOT IN ('handled', 'stored');

CREATE INDEX IF NOT EXISTS countersign_log_event
    ON countersign_log (event_id, id) WHERE event_id IS NOT NULL;

CREATE INDEX IF NOT EXISTS countersign_log_key
    ON countersign_log (key, id) WHERE key IS NOT NULL;

CREATE TABLE IF NOT EXISTS countersign_log_captures (
    line INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    request TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS countersign_rates (
    minute INTEGER NOT NULL,
    endpoint TEXT NOT NULL,
    outcome TEXT NOT NULL,
    rejection TEXT NOT NULL,
    requests INTEGER NOT NULL,
    took_us INTEGER NOT NULL,
    PRIMARY KEY (minute, endpoint, outcome, rejection)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS countersign_log_meta (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    schema INTEGER NOT NULL,
    bytes INTEGER NOT NULL
) STRICT;

INSERT OR IGNORE INTO countersign_log_meta VALUES (1, 1, 0);
