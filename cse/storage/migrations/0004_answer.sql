-- Answers to requests that may come twice, in the order in which they were given. They are read at start, all of them.
CREATE TABLE answer (
    number INTEGER PRIMARY KEY,
    key    BLOB NOT NULL,
    digest BLOB NOT NULL,
    body   BLOB NOT NULL
) STRICT;
