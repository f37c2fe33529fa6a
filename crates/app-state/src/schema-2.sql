-- What version 2 has beyond version 1.

ALTER TABLE device ADD COLUMN about TEXT;   -- what it told of itself when it came, as it told it; NULL: nothing yet

CREATE TABLE picture (
    client TEXT PRIMARY KEY REFERENCES device ON DELETE CASCADE,
    taken INTEGER NOT NULL,         -- when it came
    jpeg BLOB NOT NULL              -- the last one that was asked for, small
) STRICT;
