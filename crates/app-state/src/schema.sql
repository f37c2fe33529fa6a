-- Version 1. Times are whole seconds since 1970, UTC.

CREATE TABLE device (
    client TEXT PRIMARY KEY,
    here INTEGER NOT NULL,          -- whether it is at the broker, by its last word or its last will
    since INTEGER NOT NULL,         -- since when that is so
    seen INTEGER NOT NULL           -- when it was last heard
) STRICT;

CREATE TABLE device_key (
    device TEXT PRIMARY KEY,
    key TEXT NOT NULL,              -- public key of Ed25519, base64
    channels TEXT NOT NULL          -- JSON array of names
) STRICT;

CREATE TABLE nonce (
    owner TEXT NOT NULL,
    nonce TEXT NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (owner, nonce)
) STRICT, WITHOUT ROWID;

CREATE TABLE call (
    id TEXT PRIMARY KEY,
    kept TEXT NOT NULL,             -- the call as its maker keeps it, JSON
    saved INTEGER NOT NULL
) STRICT;

CREATE TABLE app (
    app_id TEXT PRIMARY KEY,
    app_name TEXT NOT NULL UNIQUE,
    made INTEGER NOT NULL
) STRICT;

CREATE TABLE rule (
    rule_id TEXT PRIMARY KEY,
    app_id TEXT NOT NULL REFERENCES app ON DELETE CASCADE,
    body TEXT NOT NULL,
    made INTEGER NOT NULL,
    updated INTEGER NOT NULL
) STRICT;
CREATE INDEX rule_of ON rule (app_id);

CREATE TABLE callback (
    app_id TEXT PRIMARY KEY REFERENCES app ON DELETE CASCADE,
    body TEXT NOT NULL,
    updated INTEGER NOT NULL        -- milliseconds, as the documents show it
) STRICT;

CREATE TABLE job (
    job_id TEXT PRIMARY KEY,
    app_id TEXT NOT NULL REFERENCES app ON DELETE CASCADE,
    room_id TEXT NOT NULL,
    running INTEGER NOT NULL,       -- 0: it has ended
    body TEXT NOT NULL,
    made INTEGER NOT NULL
) STRICT;
CREATE INDEX job_running ON job (running, app_id);

CREATE TABLE delivery (
    id INTEGER PRIMARY KEY,
    app_id TEXT NOT NULL REFERENCES app ON DELETE CASCADE,
    body TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    due INTEGER NOT NULL
) STRICT;
CREATE INDEX delivery_due ON delivery (due);
