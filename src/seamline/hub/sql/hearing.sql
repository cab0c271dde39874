-- What the hub knows of its own hearing.

-- name: places
-- How far each partition is committed, and when it last was.
SELECT partition, stream, seq, (extract(epoch FROM at) * 1000)::int8 FROM ingest_position ORDER BY partition
