-- Marks the file as ours ("bnyn"), so that a database of another program is not taken for an empty store.
PRAGMA application_id = 0x626e796e;

-- Structural resources. "place" grows in order of creation, so parents come before their children.
CREATE TABLE resource (
    place   INTEGER PRIMARY KEY,
    ri      TEXT NOT NULL UNIQUE,
    pi      TEXT NOT NULL,
    ty      INTEGER NOT NULL,
    creator TEXT NOT NULL,
    body    BLOB NOT NULL
) STRICT;

CREATE TABLE instance (
    seq     INTEGER PRIMARY KEY,
    ri      TEXT NOT NULL,
    pi      TEXT NOT NULL,
    name    TEXT,
    ty      INTEGER NOT NULL,
    expires TEXT NOT NULL,
    size    INTEGER NOT NULL,
    body    BLOB NOT NULL
) STRICT;

-- name and expires are there for discovery: it reads nothing but this index.
CREATE INDEX instance_of_parent ON instance (pi, seq, name, expires);
CREATE UNIQUE INDEX instance_name ON instance (pi, name) WHERE name IS NOT NULL;
CREATE INDEX instance_expiry ON instance (expires);

-- Notifications that have to be delivered.
CREATE TABLE outbox (
    id           INTEGER PRIMARY KEY,
    subscription TEXT NOT NULL,
    target       TEXT NOT NULL,
    meta         BLOB NOT NULL,
    body         BLOB NOT NULL
) STRICT;

-- The highest numbers ever given out, also to what is gone.
CREATE TABLE counter (
    kind  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO counter (kind, value) VALUES ('instance', 0), ('outbox', 0);
