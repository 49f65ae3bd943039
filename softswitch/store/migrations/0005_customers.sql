-- Customers: who they are as the hotline knows them.  Projections of the journal: see softswitch/store/customer_tables.py.
CREATE TABLE customers (
    customer_id INTEGER PRIMARY KEY,
    version     INTEGER NOT NULL,       -- the version of the table in which the customer changed last
    changed_at  REAL NOT NULL,
    changed_by  TEXT NOT NULL,
    name        TEXT NOT NULL,
    level       INTEGER NOT NULL,
    data        TEXT NOT NULL           -- JSON, all of it
) STRICT;
CREATE TABLE customer_numbers (
    number      TEXT PRIMARY KEY,       -- in normal form
    customer_id INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX customer_numbers_by_customer ON customer_numbers (customer_id);
CREATE TABLE customer_versions (
    customer_id INTEGER NOT NULL,
    version     INTEGER NOT NULL,
    at          REAL NOT NULL,
    by          TEXT NOT NULL,
    reason      TEXT NOT NULL,
    data        TEXT,                   -- JSON; NULL when the customer was removed
    PRIMARY KEY (customer_id, version)
) STRICT, WITHOUT ROWID;
CREATE INDEX customer_versions_by_version ON customer_versions (version);
