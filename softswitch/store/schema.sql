CREATE TRIGGER journal_is_not_changed BEFORE UPDATE ON journal BEGIN SELECT RAISE(ABORT, 'the journal only grows'); END;

CREATE TRIGGER journal_is_not_deleted BEFORE DELETE ON journal BEGIN SELECT RAISE(ABORT, 'the journal only grows'); END;

CREATE TABLE agent_intervals (
    agent      TEXT NOT NULL,
    seq        INTEGER NOT NULL,        -- the journal entry that began it
    extension  TEXT,
    presence   TEXT NOT NULL,
    activity   TEXT NOT NULL,
    reason     TEXT NOT NULL,
    began_at   REAL NOT NULL,
    ended_at   REAL,
    duration_s REAL,
    PRIMARY KEY (agent, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE business (
    kind       TEXT NOT NULL,
    id         TEXT NOT NULL,
    version    INTEGER NOT NULL,        -- the version of the whole in which it changed last
    changed_at REAL NOT NULL,
    changed_by TEXT NOT NULL,
    data       TEXT,                    -- JSON; NULL when it was removed
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE calls (
    call_id      TEXT PRIMARY KEY,
    trunk        TEXT NOT NULL,
    caller       TEXT NOT NULL,
    called       TEXT NOT NULL,
    presented    TEXT NOT NULL,
    diversion    TEXT NOT NULL,
    sip_call_id  TEXT NOT NULL,
    arrived_at   REAL NOT NULL,
    answered_at  REAL,
    queue        TEXT,
    queued_at    REAL,
    offered_at   REAL,
    connected_at REAL,
    ended_at     REAL,
    wait_s       REAL,
    ring_s       REAL,
    talk_s       REAL,
    agent        TEXT,
    extension    TEXT,
    offers       INTEGER NOT NULL,
    requeues     INTEGER NOT NULL,
    segments     INTEGER NOT NULL,
    ended_by     TEXT,
    end_reason   TEXT,
    sip_status   INTEGER,
    q850_cause   INTEGER,
    last_at      REAL NOT NULL          -- the newest entry of the call
) STRICT, WITHOUT ROWID;

CREATE TABLE customer_numbers (
    number      TEXT PRIMARY KEY,       -- in normal form
    customer_id INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE customer_versions (
    customer_id INTEGER NOT NULL,
    version     INTEGER NOT NULL,
    at          REAL NOT NULL,
    by          TEXT NOT NULL,
    reason      TEXT NOT NULL,
    data        TEXT,                   -- JSON; NULL when the customer was removed
    PRIMARY KEY (customer_id, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE customers (
    customer_id INTEGER PRIMARY KEY,
    version     INTEGER NOT NULL,       -- the version of the table in which the customer changed last
    changed_at  REAL NOT NULL,
    changed_by  TEXT NOT NULL,
    name        TEXT NOT NULL,
    level       INTEGER NOT NULL,
    data        TEXT NOT NULL           -- JSON, all of it
) STRICT;

CREATE TABLE half_hours (
    queue      TEXT NOT NULL,
    began_at   INTEGER NOT NULL,        -- wall seconds, a multiple of 1800
    offered    INTEGER NOT NULL,
    answered   INTEGER NOT NULL,
    abandoned  INTEGER NOT NULL,
    refused    INTEGER NOT NULL,        -- the queue was full
    lost       INTEGER NOT NULL,        -- ended without an answer for any other reason
    requeues   INTEGER NOT NULL,
    wait_ms    INTEGER NOT NULL,        -- of the answered
    abandon_ms INTEGER NOT NULL,        -- of the abandoned
    ring_ms    INTEGER NOT NULL,
    talk_ms    INTEGER NOT NULL,
    PRIMARY KEY (queue, began_at)
) STRICT, WITHOUT ROWID;

CREATE TABLE journal (
    seq      INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id TEXT UNIQUE,               -- natural identity; NULL for entries that may repeat
    at       REAL NOT NULL,             -- wall seconds, UTC
    kind     TEXT NOT NULL,
    call_id  TEXT,
    agent_id TEXT,
    data     TEXT NOT NULL              -- JSON, all fields but `at`
) STRICT;

CREATE TABLE migrations (
    number INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL, applied_at REAL NOT NULL) STRICT;

CREATE TABLE recording_chain (
    position     INTEGER PRIMARY KEY,
    recording_id TEXT NOT NULL,
    sha256       TEXT NOT NULL,
    link         TEXT NOT NULL
) STRICT;

CREATE TABLE recordings (
    recording_id TEXT PRIMARY KEY,
    call_id      TEXT NOT NULL,
    path         TEXT NOT NULL,
    state        TEXT NOT NULL,
    started_at   REAL NOT NULL,
    closed_at    REAL,
    duration_s   REAL,
    frames       INTEGER,
    size_bytes   INTEGER,
    sha256       TEXT,
    left_dbfs    REAL,
    right_dbfs   REAL,
    fault        TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE segments (
    call_id    TEXT NOT NULL,
    number     INTEGER NOT NULL,        -- 1 for the first talk
    agent      TEXT NOT NULL,
    extension  TEXT NOT NULL,
    began_at   REAL NOT NULL,
    ended_at   REAL,
    duration_s REAL,
    PRIMARY KEY (call_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE state (
    tbl   TEXT NOT NULL,
    key   TEXT NOT NULL,
    value TEXT NOT NULL,                -- JSON
    PRIMARY KEY (tbl, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE voicemails (
    voicemail_id TEXT PRIMARY KEY,
    call_id      TEXT NOT NULL,
    box          TEXT NOT NULL,
    caller       TEXT NOT NULL,
    left_at      REAL NOT NULL,
    handled_at   REAL,
    handled_by   TEXT,
    note         TEXT NOT NULL
, discarded_at REAL, handed_at REAL, handed_by TEXT, handed_queue TEXT, handed_agent TEXT, contact_id TEXT, called_back_at REAL, called_back_by TEXT, called_back_in TEXT, reason TEXT, flow TEXT, node TEXT, conditions TEXT) STRICT, WITHOUT ROWID;

CREATE INDEX agent_intervals_by_time ON agent_intervals (began_at);

CREATE INDEX calls_by_arrival ON calls (arrived_at, call_id);

CREATE INDEX calls_by_called ON calls (called, arrived_at);

CREATE INDEX calls_by_caller ON calls (caller, arrived_at);

CREATE INDEX calls_open ON calls (arrived_at, call_id) WHERE ended_at IS NULL;

CREATE INDEX customer_numbers_by_customer ON customer_numbers (customer_id);

CREATE INDEX customer_versions_by_version ON customer_versions (version);

CREATE INDEX journal_business ON journal (seq) WHERE kind = 'BusinessChanged';

CREATE INDEX journal_by_call ON journal (call_id, seq) WHERE call_id IS NOT NULL;

CREATE INDEX journal_by_time ON journal (at);

CREATE INDEX recordings_by_call ON recordings (call_id);

CREATE INDEX recordings_by_start ON recordings (started_at, recording_id);

CREATE INDEX recordings_open ON recordings (recording_id) WHERE state = 'open';

CREATE INDEX segments_by_agent ON segments (agent, began_at);

CREATE INDEX voicemails_by_time ON voicemails (left_at, voicemail_id);
