-- Messages that callers left; the sound is the recording of the same id.  A projection of the journal.
CREATE TABLE voicemails (
    voicemail_id TEXT PRIMARY KEY,
    call_id      TEXT NOT NULL,
    box          TEXT NOT NULL,
    caller       TEXT NOT NULL,
    left_at      REAL NOT NULL,
    handled_at   REAL,
    handled_by   TEXT,
    note         TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX voicemails_by_time ON voicemails (left_at, voicemail_id);
