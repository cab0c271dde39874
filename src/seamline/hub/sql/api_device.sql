-- One device.

-- name: device
SELECT d.no, d.id, d.product, d.contract, d.firmware, d.state, d.epoch, d.incarnation, d.boot,
       (extract(epoch FROM d.created_at) * 1000)::int8 AS created_ms
FROM device AS d WHERE d.id = %(device)s

-- name: device_session
SELECT p.session, p.incarnation, p.boot, p.failures
FROM presence AS p WHERE p.device_no = %(no)s

-- name: device_boots
SELECT incarnation, boot, reset, firmware, contract,
       (extract(epoch FROM first_heard) * 1000)::int8 AS first_heard_ms,
       (extract(epoch FROM last_heard) * 1000)::int8 AS last_heard_ms
FROM boot WHERE device_no = %(no)s
ORDER BY last_heard DESC, boot DESC LIMIT 50

-- name: device_messages
SELECT l.message, l.message_id AS channel, l.layout, l.canonical
FROM layout AS l
WHERE l.product = %(product)s OR l.product = 'seamline'
ORDER BY l.message_id, l.layout, l.registered_at

-- name: device_ledger
SELECT l.incarnation, l.boot, l.channel,
       greatest(l.high, coalesce(l.upper, 0)) AS numbered, l.stored, l.quarantined, l.declined, l.lost, l.duplicates,
       l.mark, l.high, l.gaps, l.upper, l.owed_since_ms,
       (extract(epoch FROM l.first_arrival) * 1000)::int8 AS first_arrival_ms,
       (extract(epoch FROM l.last_arrival) * 1000)::int8 AS last_arrival_ms
FROM ledger AS l WHERE l.device_no = %(no)s
ORDER BY l.last_arrival DESC NULLS LAST, l.boot DESC, l.channel LIMIT %(limit)s

-- name: device_books
-- The sum of all open lines, listed or not, and of all folds.
SELECT least(coalesce(sum(numbered), 0), 9223372036854775807)::int8 AS numbered,
       coalesce(sum(stored), 0)::int8 AS stored,
       coalesce(sum(quarantined), 0)::int8 AS quarantined,
       coalesce(sum(declined), 0)::int8 AS declined,
       least(coalesce(sum(lost), 0), 9223372036854775807)::int8 AS lost,
       coalesce(sum(owed), 0)::int8 AS owed,
       coalesce(sum(duplicates), 0)::int8 AS duplicates,
       min(owed_since_ms) FILTER (WHERE owed > 0) AS owed_since_ms,
       coalesce(bool_and(owed >= 0), true) AS balanced
FROM (
    SELECT *, numbered - stored - quarantined - declined - lost AS owed
    FROM (
        SELECT greatest(high, coalesce(upper, 0)) AS numbered, stored, quarantined, declined, lost, duplicates, owed_since_ms
        FROM ledger WHERE device_no = %(no)s
        UNION ALL
        SELECT numbered, stored, quarantined, declined, lost, duplicates, NULL FROM ledger_fold WHERE device_no = %(no)s
    ) AS line
) AS line

-- name: device_folds
SELECT incarnation, channel, boots, boot_first, boot_last, numbered, stored, quarantined, declined, lost, duplicates
FROM ledger_fold WHERE device_no = %(no)s ORDER BY incarnation, channel

-- name: device_losses
SELECT incarnation, boot, boots, channel, first, count, reason, (extract(epoch FROM declared_at) * 1000)::int8 AS declared_ms
FROM loss WHERE device_no = %(no)s ORDER BY declared_at DESC LIMIT %(limit)s

-- name: device_anchors
SELECT id, incarnation, boot, at_ms, unix_ms, source, uncertainty_ms, accepted, why,
       (extract(epoch FROM received_at) * 1000)::int8 AS received_ms
FROM anchor WHERE device_no = %(no)s ORDER BY id DESC LIMIT %(limit)s

-- name: device_events
SELECT e.id, (extract(epoch FROM e.at) * 1000)::int8 AS at_ms, e.kind, e.boundary, e.owner, e.contact, e.detail
FROM event AS e WHERE e.device_no = %(no)s AND (%(before)s::int8 IS NULL OR e.id < %(before)s)
ORDER BY e.id DESC LIMIT %(limit)s
