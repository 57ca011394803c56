-- countersign, SQLite, 2: the inbox. It needs the tables of file 1.
--
-- Times are milliseconds since 1970 by this machine's clock.
-- state: 1 ready, 2 running, 3 done, 4 dead, 5 discarded.
-- due: of a ready message when it is to be handled, of a running one when its lease ends, of the others since
-- when they are what they are.
-- position: the order within a lane.
-- request: the request without its body, as JSON.

CREATE TABLE IF NOT EXISTS countersign_inbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key BLOB NOT NULL,
    fence INTEGER NOT NULL,
    state INTEGER NOT NULL,
    due INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    replays INTEGER NOT NULL,
    position INTEGER NOT NULL,
    lane BLOB,
    endpoint TEXT NOT NULL,
    tenant TEXT,
    sender TEXT NOT NULL,
    event_id TEXT,
    event_type TEXT,
    received INTEGER NOT NULL,
    worker TEXT,
    error TEXT,
    request TEXT NOT NULL,
    body BLOB NOT NULL
) STRICT;

CREATE INDEX IF NOT EXISTS countersign_inbox_live
    ON countersign_inbox (endpoint, due, id) WHERE state IN (1, 2);

CREATE INDEX IF NOT EXISTS countersign_inbox_lane
    ON countersign_inbox (lane, position) WHERE lane IS NOT NULL AND state IN (1, 2, 4);

CREATE INDEX IF NOT EXISTS countersign_inbox_ended
    ON countersign_inbox (state, due) WHERE state IN (3, 4, 5);

CREATE TABLE IF NOT EXISTS countersign_attempts (
    message INTEGER NOT NULL,
    fence INTEGER NOT NULL,
    number INTEGER NOT NULL,
    ended INTEGER NOT NULL,
    took_ms INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    worker TEXT NOT NULL,
    error TEXT,
    PRIMARY KEY (message, fence)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS countersign_paused (
    endpoint TEXT PRIMARY KEY NOT NULL,
    since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS countersign_inbox_meta (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    schema INTEGER NOT NULL
) STRICT;

INSERT OR IGNORE INTO countersign_inbox_meta VALUES (1, 1);
