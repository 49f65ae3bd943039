-- Half-hour sums of each queue, by the time at which a call first stood in its line.  A projection of the journal: see
-- softswitch/store/half_hours.py.  What was written down before is summed up here, by the same rules.
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
INSERT INTO half_hours
SELECT
    queue,
    CAST(queued_at / 1800 AS INTEGER) * 1800,
    count(*),
    sum(connected_at IS NOT NULL),
    sum(connected_at IS NULL AND ended_at IS NOT NULL AND end_reason = 'abandoned'),
    sum(connected_at IS NULL AND ended_at IS NOT NULL AND end_reason = 'queue_full'),
    sum(connected_at IS NULL AND ended_at IS NOT NULL AND end_reason NOT IN ('abandoned', 'queue_full')),
    sum(requeues),
    sum(CASE WHEN connected_at IS NOT NULL THEN CAST(coalesce(wait_s, 0) * 1000 AS INTEGER) ELSE 0 END),
    sum(CASE WHEN connected_at IS NULL AND ended_at IS NOT NULL AND end_reason = 'abandoned'
        THEN CAST(coalesce(wait_s, 0) * 1000 AS INTEGER) ELSE 0 END),
    sum(CAST(coalesce(ring_s, 0) * 1000 AS INTEGER)),
    sum(CAST(coalesce(talk_s, 0) * 1000 AS INTEGER))
FROM calls
WHERE queue IS NOT NULL AND queued_at IS NOT NULL
GROUP BY 1, 2;
