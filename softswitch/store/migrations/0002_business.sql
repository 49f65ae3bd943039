-- The hotline's business as it stands: documents of agents, queues, flows, calendars…  A projection of the journal.
CREATE TABLE business (
    kind       TEXT NOT NULL,
    id         TEXT NOT NULL,
    version    INTEGER NOT NULL,        -- the version of the whole in which it changed last
    changed_at REAL NOT NULL,
    changed_by TEXT NOT NULL,
    data       TEXT,                    -- JSON; NULL when it was removed
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX journal_business ON journal (seq) WHERE kind = 'BusinessChanged';
