-- What the hub knows of its own hearing.

-- name: places
-- How far each partition is committed, and when it last was.
SELECT partition, stream, seq, (extract(epoch FROM at) * 1000)::int8 FROM ingest_position ORDER BY partition;

-- name: spans
-- When the hub heard and stored: what lies between two spans is an outage of its own.
SELECT since_ms, until_ms FROM hearing ORDER BY since_ms;

-- name: write_spans
INSERT INTO hearing (since_ms, until_ms)
SELECT r.since_ms, r.until_ms FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (since_ms int8, until_ms int8)
ON CONFLICT (since_ms) DO UPDATE SET until_ms = excluded.until_ms;

-- name: forget_spans
-- Spans that are part of another, and those that are too long ago.
DELETE FROM hearing WHERE since_ms = ANY(%(since)s::int8[]);
