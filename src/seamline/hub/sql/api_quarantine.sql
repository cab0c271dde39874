-- What could not be taken as readings.

-- name: quarantine_reasons
SELECT reason, count(*)::int8 AS frames, coalesce(sum(count) FILTER (WHERE counted), 0)::int8 AS records,
       count(*) FILTER (WHERE resolved_at IS NULL)::int8 AS waiting,
       count(DISTINCT device_id)::int8 AS devices,
       (extract(epoch FROM max(arrival)) * 1000)::int8 AS last_ms
FROM quarantine GROUP BY reason ORDER BY frames DESC, reason

-- name: refused_reasons
SELECT reason, sum(count)::int8 AS count, count(DISTINCT device_id)::int8 AS devices,
       (extract(epoch FROM max(last_at)) * 1000)::int8 AS last_ms
FROM refused GROUP BY reason ORDER BY count DESC, reason

-- name: quarantine_list
SELECT q.id, q.device_id AS device, (extract(epoch FROM q.arrival) * 1000)::int8 AS arrival_ms, q.reason, q.detail,
       q.channel, q.incarnation, q.boot, q.first, q.count, q.counted, octet_length(q.bytes) AS size_bytes,
       (extract(epoch FROM q.resolved_at) * 1000)::int8 AS resolved_ms
FROM quarantine AS q
WHERE (%(reason)s::text IS NULL OR q.reason = %(reason)s)
  AND (%(device)s::text IS NULL OR q.device_id = %(device)s)
  AND (%(before)s::int8 IS NULL OR q.id < %(before)s)
ORDER BY q.id DESC LIMIT %(limit)s

-- name: quarantine_item
SELECT q.id, q.device_id AS device, (extract(epoch FROM q.arrival) * 1000)::int8 AS arrival_ms, q.reason, q.detail,
       q.channel, q.incarnation, q.boot, q.first, q.count, q.counted, octet_length(q.bytes) AS size_bytes,
       (extract(epoch FROM q.resolved_at) * 1000)::int8 AS resolved_ms, q.bytes
FROM quarantine AS q WHERE q.id = %(id)s

-- name: layouts
SELECT fingerprint, canonical FROM layout
