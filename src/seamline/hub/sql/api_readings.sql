-- Readings of one message, straight from its table; `{table}` and `{fields}` are filled in by the caller.

-- name: readings
-- Dated and undated apart, so that both walk the index on (device_no, measured).
WITH dated AS (
    SELECT * FROM {table}
    WHERE device_no = %(no)s AND measured IS NOT NULL
      AND (%(from)s::timestamptz IS NULL OR measured >= %(from)s) AND (%(to)s::timestamptz IS NULL OR measured < %(to)s)
    ORDER BY measured {order} LIMIT %(limit)s
), undated AS (
    SELECT * FROM {table}
    WHERE device_no = %(no)s AND measured IS NULL
      AND (%(from)s::timestamptz IS NULL OR arrival >= %(from)s) AND (%(to)s::timestamptz IS NULL OR arrival < %(to)s)
    ORDER BY arrival {order} LIMIT %(limit)s
)
SELECT incarnation, boot, seq, layout, uptime_ms,
       (extract(epoch FROM arrival) * 1000)::int8 AS arrival_ms,
       (extract(epoch FROM measured) * 1000)::int8 AS measured_ms,
       error_ms, quality, revision{fields}
FROM (SELECT * FROM dated UNION ALL SELECT * FROM undated) AS reading
ORDER BY coalesce(measured, arrival) {order}, incarnation {order}, boot {order}, seq {order}
LIMIT %(limit)s

-- name: readings_columns
SELECT column_name AS name FROM information_schema.columns
WHERE table_schema = current_schema() AND table_name = %(table)s ORDER BY ordinal_position

-- name: readings_owed
SELECT incarnation, boot, gaps, high, greatest(high, coalesce(upper, 0)) AS numbered
FROM ledger WHERE device_no = %(no)s AND channel = %(channel)s
  AND (boot, incarnation) IN (SELECT * FROM unnest(%(boots)s::int8[], %(incarnations)s::int8[]))

-- name: readings_lost
-- One row may stand for the same loss in several boots.
SELECT l.incarnation, k.boot, l.first, l.count, l.reason
FROM unnest(%(boots)s::int8[], %(incarnations)s::int8[]) AS k (boot, incarnation)
JOIN loss AS l ON l.device_no = %(no)s AND l.channel = %(channel)s AND l.incarnation = k.incarnation
              AND k.boot >= l.boot AND k.boot < l.boot + l.boots

-- name: readings_quarantined
SELECT incarnation, boot, first, count, reason
FROM quarantine WHERE device_no = %(no)s AND channel = %(channel)s AND counted AND resolved_at IS NULL
  AND (boot, incarnation) IN (SELECT * FROM unnest(%(boots)s::int8[], %(incarnations)s::int8[]))
