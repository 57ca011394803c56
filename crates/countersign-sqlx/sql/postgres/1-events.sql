-- countersign, PostgreSQL, 1: the deduplication.

CREATE SEQUENCE IF NOT EXISTS countersign_events_fence;

CREATE SEQUENCE IF NOT EXISTS countersign_events_swept;

CREATE TABLE IF NOT EXISTS countersign_events (
    key bytea PRIMARY KEY,
    fence bigint NOT NULL,
    until timestamptz NOT NULL,
    fingerprint bigint NOT NULL,
    state smallint NOT NULL
);
