-- countersign, SQLite, 1: the deduplication.
--
-- last_fence is the highest fencing token granted for anything in this file, so a token still rises after its
-- event's row was deleted. swept is the key up to which expired rows were deleted.

CREATE TABLE IF NOT EXISTS countersign_events (
    key BLOB PRIMARY KEY NOT NULL,
    fence INTEGER NOT NULL,
    state INTEGER NOT NULL,
    until INTEGER NOT NULL,
    fingerprint INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS countersign_meta (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    schema INTEGER NOT NULL,
    last_fence INTEGER NOT NULL,
    swept BLOB NOT NULL
) STRICT;

INSERT OR IGNORE INTO countersign_meta VALUES (1, 1, 0, x'');
