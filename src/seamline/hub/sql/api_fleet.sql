-- The fleet: every device with its presence and its books.

-- name: fleet
-- Devices whose row may have changed at or after %(since)s; a null `since` asks for all.
WITH books AS (
    SELECT device_no,
           least(sum(numbered), 9223372036854775807)::int8 AS numbered,
           sum(stored)::int8 AS stored,
           sum(quarantined)::int8 AS quarantined,
           sum(declined)::int8 AS declined,
           least(sum(lost), 9223372036854775807)::int8 AS lost,
           sum(duplicates)::int8 AS duplicates,
           min(owed_since_ms) FILTER (WHERE numbered > stored + quarantined + declined + lost) AS owed_since_ms
    FROM (
        SELECT device_no, greatest(high, coalesce(upper, 0)) AS numbered, stored, quarantined, declined, lost, duplicates,
               owed_since_ms
        FROM ledger
        UNION ALL
        SELECT device_no, numbered, stored, quarantined, declined, lost, duplicates, NULL
        FROM ledger_fold
    ) AS line
    WHERE %(since)s::timestamptz IS NULL OR device_no = ANY (%(changed)s::int4[])
    GROUP BY device_no
)
SELECT d.no, d.id, d.product, d.contract, d.firmware, d.state,
       (date_part('epoch', p.last_heard) * 1000)::int8 AS last_heard_ms,
       (date_part('epoch', p.last_answered) * 1000)::int8 AS last_answered_ms,
       (date_part('epoch', p.born_at) * 1000)::int8 AS born_ms,
       (date_part('epoch', p.died_at) * 1000)::int8 AS died_ms,
       coalesce(p.unanswered, 0) AS unanswered,
       p.last_end, p.publish_every_ms, p.answer_timeout_ms, p.presumed_lost_after_ms,
       coalesce(b.numbered, 0) AS numbered, coalesce(b.stored, 0) AS stored, coalesce(b.quarantined, 0) AS quarantined,
       coalesce(b.declined, 0) AS declined, coalesce(b.lost, 0) AS lost, coalesce(b.duplicates, 0) AS duplicates,
       b.owed_since_ms
FROM device AS d
LEFT JOIN presence AS p ON p.device_no = d.no
LEFT JOIN books AS b ON b.device_no = d.no
WHERE %(since)s::timestamptz IS NULL OR d.no = ANY (%(changed)s::int4[])
ORDER BY d.no

-- name: fleet_changed
-- Devices heard, answered, lost or booked since %(since)s.
SELECT device_no AS no FROM presence WHERE greatest(last_heard, last_answered, born_at, died_at) >= %(since)s
UNION
SELECT device_no FROM ledger WHERE last_arrival >= %(since)s
UNION
SELECT no FROM device WHERE created_at >= %(since)s

-- name: generation
SELECT value #>> '{}' AS value FROM hub_meta WHERE key = 'generation'

-- name: refused_total
SELECT coalesce(sum(count), 0)::int8 AS value FROM refused

-- name: read_only
SELECT current_setting('transaction_read_only') AS value
