-- What ingest reads and writes, set-wise. Parameters named `rows` are JSON arrays of records; the others int8 arrays.

-- name: position
SELECT stream, seq, stored_ns FROM ingest_position WHERE partition = %(partition)s;

-- name: start_position
-- At a place that no message of the stream is known to be at.
INSERT INTO ingest_position (partition, stream, seq, at) VALUES (%(partition)s, %(stream)s, %(seq)s, now())
ON CONFLICT (partition) DO UPDATE SET stream = excluded.stream, seq = excluded.seq, stored_ns = NULL, at = excluded.at;

-- name: advance
-- Fences two workers on one partition: the second finds another place than it started from.
UPDATE ingest_position SET seq = %(seq)s, stored_ns = %(stored_ns)s, at = now()
WHERE partition = %(partition)s AND stream = %(stream)s AND seq = %(expected)s;

-- name: devices
SELECT d.id, d.no, d.product, d.contract, d.epoch, d.incarnation, d.boot,
       p.incarnation AS p_incarnation, p.boot AS p_boot, p.session,
       (extract(epoch FROM p.born_at) * 1000)::int8, (extract(epoch FROM p.last_heard) * 1000)::int8,
       (extract(epoch FROM p.last_answered) * 1000)::int8, (extract(epoch FROM p.died_at) * 1000)::int8,
       coalesce(p.unanswered, 0), p.last_end, p.failures
FROM device d LEFT JOIN presence p ON p.device_no = d.no
WHERE d.id = ANY (%(ids)s);

-- name: new_devices
INSERT INTO device (id) SELECT unnest(%(ids)s::text[]) ON CONFLICT (id) DO NOTHING;

-- name: keys
-- The ledger rows of these keys, as far as they are there, and whether each boot is over.
SELECT u.at, l.mark, l.version, (l.mark = l.high AND l.gaps = '{}') AS plain, coalesce(i.closed, 0) > u.boot AS over
FROM unnest(%(device)s::int8[], %(incarnation)s::int8[], %(boot)s::int8[], %(channel)s::int8[])
     WITH ORDINALITY AS u (device, incarnation, boot, channel, at)
LEFT JOIN ledger l ON l.device_no = u.device::int4 AND l.incarnation = u.incarnation AND l.boot = u.boot
     AND l.channel = u.channel::int2
LEFT JOIN incarnation i ON i.device_no = u.device::int4 AND i.incarnation = u.incarnation;

-- name: advance_rows
UPDATE ledger l
SET mark = u.mark, high = u.mark, stored = l.stored + u.stored, quarantined = l.quarantined + u.quarantined,
    declined = l.declined + u.declined, version = l.version + 1,
    last_arrival = greatest(l.last_arrival, to_timestamp(u.arrival / 1e6))
FROM unnest(%(device)s::int8[], %(incarnation)s::int8[], %(boot)s::int8[], %(channel)s::int8[], %(mark)s::int8[],
            %(stored)s::int8[], %(quarantined)s::int8[], %(declined)s::int8[], %(version)s::int8[], %(arrival)s::int8[])
     AS u (device, incarnation, boot, channel, mark, stored, quarantined, declined, version, arrival)
WHERE l.device_no = u.device::int4 AND l.incarnation = u.incarnation AND l.boot = u.boot AND l.channel = u.channel::int2
  AND l.version = u.version;

-- name: new_rows
-- A boot that another worker has closed meanwhile takes no row: the count comes short, and the batch is redone.
INSERT INTO ledger (device_no, incarnation, boot, channel, mark, high, stored, quarantined, declined, version,
                    first_arrival, last_arrival)
SELECT u.device, u.incarnation, u.boot, u.channel, u.mark, u.mark, u.stored, u.quarantined, u.declined, 1,
       to_timestamp(u.arrival / 1e6), to_timestamp(u.arrival / 1e6)
FROM unnest(%(device)s::int8[], %(incarnation)s::int8[], %(boot)s::int8[], %(channel)s::int8[], %(mark)s::int8[],
            %(stored)s::int8[], %(quarantined)s::int8[], %(declined)s::int8[], %(arrival)s::int8[])
     AS u (device, incarnation, boot, channel, mark, stored, quarantined, declined, arrival)
LEFT JOIN incarnation i ON i.device_no = u.device::int4 AND i.incarnation = u.incarnation
WHERE coalesce(i.closed, 0) <= u.boot
ON CONFLICT DO NOTHING;

-- name: ledger_of
-- Every row of these devices, locked: for births, losses and whatever came out of order.
SELECT device_no, incarnation, boot, channel, mark, high, gaps, upper, stored, quarantined, declined, lost, duplicates,
       version, owed_since_ms
FROM ledger WHERE device_no = ANY (%(devices)s::int8[]) ORDER BY device_no, incarnation, boot, channel FOR UPDATE;

-- name: closed_of
SELECT device_no, incarnation, closed FROM incarnation WHERE device_no = ANY (%(devices)s::int8[]);

-- name: marks_of
SELECT device_no, incarnation, boot, channel, mark FROM ledger WHERE device_no = ANY (%(devices)s::int8[])
ORDER BY device_no, incarnation, boot, channel;

-- name: write_rows
-- Rows that `ledger_of` locked, or that were not there: `was` is the version read, 0 for none.
INSERT INTO ledger AS l (device_no, incarnation, boot, channel, mark, high, gaps, upper, stored, quarantined, declined,
                         lost, duplicates, version, owed_since_ms, first_arrival, last_arrival)
SELECT r.device_no, r.incarnation, r.boot, r.channel, r.mark, r.high, r.gaps, r.upper, r.stored, r.quarantined, r.declined,
       r.lost, r.duplicates, r.version, r.owed_since_ms, to_timestamp(r.arrival / 1e6), to_timestamp(r.arrival / 1e6)
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (device_no int4, incarnation int8, boot int8, channel int2, mark int8,
     high int8, gaps int8[], upper int8, stored int8, quarantined int8, declined int8, lost int8, duplicates int8,
     version int8, owed_since_ms int8, arrival int8, was int8)
ON CONFLICT (device_no, incarnation, boot, channel) DO UPDATE
SET mark = excluded.mark, high = excluded.high, gaps = excluded.gaps, upper = excluded.upper, stored = excluded.stored,
    quarantined = excluded.quarantined, declined = excluded.declined, lost = excluded.lost,
    duplicates = excluded.duplicates, version = excluded.version, owed_since_ms = excluded.owed_since_ms,
    first_arrival = coalesce(l.first_arrival, excluded.first_arrival),
    last_arrival = greatest(l.last_arrival, excluded.last_arrival)
WHERE l.version < excluded.version;

-- name: delete_rows
DELETE FROM ledger l
USING jsonb_to_recordset(%(rows)s::jsonb) AS r (device_no int4, incarnation int8, boot int8, channel int2)
WHERE l.device_no = r.device_no AND l.incarnation = r.incarnation AND l.boot = r.boot AND l.channel = r.channel;

-- name: add_folds
INSERT INTO ledger_fold AS f (device_no, incarnation, channel, boots, boot_first, boot_last, numbered, stored, quarantined,
                              declined, lost, duplicates)
SELECT r.* FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (device_no int4, incarnation int8, channel int2, boots int8,
     boot_first int8, boot_last int8, numbered int8, stored int8, quarantined int8, declined int8, lost int8, duplicates int8)
ON CONFLICT (device_no, incarnation, channel) DO UPDATE
SET boots = f.boots + excluded.boots, boot_first = least(f.boot_first, excluded.boot_first),
    boot_last = greatest(f.boot_last, excluded.boot_last), numbered = f.numbered + excluded.numbered,
    stored = f.stored + excluded.stored, quarantined = f.quarantined + excluded.quarantined,
    declined = f.declined + excluded.declined, lost = f.lost + excluded.lost, duplicates = f.duplicates + excluded.duplicates;

-- name: close_boots
INSERT INTO incarnation AS i (device_no, incarnation, first_seen, closed)
SELECT r.device_no, r.incarnation, to_timestamp(r.at_ms / 1e3), r.closed
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (device_no int4, incarnation int8, at_ms int8, closed int8)
ON CONFLICT (device_no, incarnation) DO UPDATE SET closed = greatest(i.closed, excluded.closed);

-- name: add_losses
INSERT INTO loss (device_no, incarnation, boot, boots, channel, first, count, reason, declared_at)
SELECT r.device_no, r.incarnation, r.boot, r.boots, r.channel, r.first, r.count, r.reason, to_timestamp(r.at_ms / 1e3)
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (device_no int4, incarnation int8, boot int8, boots int8, channel int2,
     first int8, count int8, reason text, at_ms int8);

-- name: born_devices
UPDATE device d
SET product = r.product, contract = r.contract, firmware = r.firmware, incarnation = r.incarnation, boot = r.boot
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (device_no int4, product text, contract text, firmware text, incarnation int8,
     boot int8)
WHERE d.no = r.device_no;

-- name: boots
-- `began_before_ms` is the least of (arrival - uptime); a row that says nothing new about the birth leaves it as it was.
INSERT INTO boot AS b (device_no, incarnation, boot, reset, firmware, contract, first_heard, last_heard, began_before_ms,
                       uptime_ms, redate_from_ms, unborn)
SELECT r.device_no, r.incarnation, r.boot, r.reset, r.firmware, r.contract,
       to_timestamp(coalesce(r.first_ms / 1e3, extract(epoch FROM now()))),
       to_timestamp(coalesce(r.last_ms / 1e3, r.first_ms / 1e3, extract(epoch FROM now()))),
       r.began_before_ms, r.uptime_ms, r.redate_from_ms, coalesce(r.unborn, false)
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (device_no int4, incarnation int8, boot int8, reset text, firmware text,
     contract text, first_ms int8, last_ms int8, began_before_ms int8, uptime_ms int8, redate_from_ms int8,
     unborn bool)
ON CONFLICT (device_no, incarnation, boot) DO UPDATE
SET reset = coalesce(excluded.reset, b.reset), firmware = coalesce(excluded.firmware, b.firmware),
    contract = coalesce(excluded.contract, b.contract), first_heard = least(b.first_heard, excluded.first_heard),
    last_heard = greatest(b.last_heard, excluded.last_heard),
    began_before_ms = least(b.began_before_ms, excluded.began_before_ms),
    uptime_ms = greatest(b.uptime_ms, excluded.uptime_ms), redate_from_ms = least(b.redate_from_ms, excluded.redate_from_ms),
    redate_version = b.redate_version + (excluded.redate_from_ms IS NOT NULL)::int;

-- name: boots_heard
-- Frames of these boots were heard: the same as `boots` for most of them, without the words.
INSERT INTO boot AS b (device_no, incarnation, boot, first_heard, last_heard, began_before_ms, uptime_ms)
SELECT u.device::int4, u.incarnation, u.boot, to_timestamp(u.first_ms / 1e3), to_timestamp(u.last_ms / 1e3), u.began_before_ms,
       u.uptime_ms
FROM unnest(%(device)s::int8[], %(incarnation)s::int8[], %(boot)s::int8[], %(first_ms)s::int8[], %(last_ms)s::int8[],
            %(began_before_ms)s::int8[], %(uptime_ms)s::int8[])
     AS u (device, incarnation, boot, first_ms, last_ms, began_before_ms, uptime_ms)
ON CONFLICT (device_no, incarnation, boot) DO UPDATE
SET first_heard = least(b.first_heard, excluded.first_heard), last_heard = greatest(b.last_heard, excluded.last_heard),
    began_before_ms = least(b.began_before_ms, excluded.began_before_ms), uptime_ms = greatest(b.uptime_ms, excluded.uptime_ms);

-- name: presence
INSERT INTO presence AS p (device_no, session, incarnation, boot, born_at, last_heard, last_answered, died_at, unanswered,
                           last_end, failures, publish_every_ms, answer_timeout_ms, presumed_lost_after_ms, check_at)
SELECT r.device_no, r.session, r.incarnation, r.boot, to_timestamp(r.born_ms / 1e3), to_timestamp(r.last_heard_ms / 1e3),
       to_timestamp(r.last_answered_ms / 1e3), to_timestamp(r.died_ms / 1e3), r.unanswered, r.last_end, r.failures,
       r.publish_every_ms, r.answer_timeout_ms, r.presumed_lost_after_ms, now()
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (device_no int4, session int8, incarnation int8, boot int8, born_ms int8,
     last_heard_ms int8, last_answered_ms int8, died_ms int8, unanswered int4, last_end text, failures jsonb,
     publish_every_ms int8, answer_timeout_ms int8, presumed_lost_after_ms int8)
ON CONFLICT (device_no) DO UPDATE
SET session = excluded.session, incarnation = excluded.incarnation, boot = excluded.boot, born_at = excluded.born_at,
    last_heard = excluded.last_heard, last_answered = excluded.last_answered, died_at = excluded.died_at,
    unanswered = excluded.unanswered, last_end = excluded.last_end, failures = excluded.failures,
    publish_every_ms = coalesce(excluded.publish_every_ms, p.publish_every_ms),
    answer_timeout_ms = coalesce(excluded.answer_timeout_ms, p.answer_timeout_ms),
    presumed_lost_after_ms = coalesce(excluded.presumed_lost_after_ms, p.presumed_lost_after_ms), check_at = now();

-- name: heard
-- Frames heard since the last time this was written; `answered` 0: none of them carried the flag.
UPDATE presence p
SET last_heard = greatest(p.last_heard, to_timestamp(u.heard / 1e3)),
    died_at = CASE WHEN to_timestamp(u.heard / 1e3) > p.died_at THEN NULL ELSE p.died_at END,
    last_answered = CASE WHEN u.answered > 0 THEN greatest(p.last_answered, to_timestamp(u.answered / 1e3))
                         ELSE p.last_answered END,
    unanswered = CASE WHEN u.answered > 0 THEN 0 ELSE p.unanswered END,
    check_at = CASE WHEN p.announced = 'online' THEN p.check_at ELSE now() END
FROM unnest(%(device)s::int8[], %(heard)s::int8[], %(answered)s::int8[]) AS u (device, heard, answered)
WHERE p.device_no = u.device::int4;

-- name: add_anchors
-- Of anchors that differ only in their uncertainty the best stays.
INSERT INTO anchor AS a (device_no, incarnation, boot, at_ms, unix_ms, source, uncertainty_ms, received_at, accepted, why)
SELECT r.device_no, r.incarnation, r.boot, r.at_ms, r.unix_ms, r.source, r.uncertainty_ms, to_timestamp(r.received_ms / 1e3),
       r.accepted, r.why
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (device_no int4, incarnation int8, boot int8, at_ms int8, unix_ms int8,
     source text, uncertainty_ms int8, received_ms int8, accepted bool, why text)
ON CONFLICT ON CONSTRAINT anchor_once DO UPDATE
SET accepted = excluded.accepted, why = excluded.why, uncertainty_ms = excluded.uncertainty_ms
WHERE excluded.accepted AND (NOT a.accepted OR excluded.uncertainty_ms < a.uncertainty_ms);

-- name: stand_anchors
-- Another anchor came: these contradict a better one now, or no longer.
UPDATE anchor a SET accepted = r.accepted, why = r.why
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (device_no int4, incarnation int8, boot int8, at_ms int8, unix_ms int8, source text,
     uncertainty_ms int8, accepted bool, why text)
WHERE a.device_no = r.device_no AND a.incarnation = r.incarnation AND a.boot = r.boot AND a.at_ms = r.at_ms
  AND a.unix_ms = r.unix_ms AND a.source = r.source AND a.uncertainty_ms = r.uncertainty_ms AND a.accepted <> r.accepted;

-- name: add_quarantine
INSERT INTO quarantine (device_no, device_id, arrival, reason, detail, channel, layout, fingerprint, incarnation, boot, first,
                        count, counted, bytes)
SELECT r.device_no, r.device_id, to_timestamp(r.arrival_us / 1e6), r.reason, r.detail, r.channel, r.layout, r.fingerprint,
       r.incarnation, r.boot, r.first, r.count, r.counted, decode(r.bytes, 'base64')
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (device_no int4, device_id text, arrival_us int8, reason text, detail text,
     channel int2, layout int2, fingerprint int8, incarnation int8, boot int8, first int8, count int8, counted bool, bytes text)
WHERE r.counted OR NOT EXISTS (
    SELECT FROM quarantine q WHERE q.device_no = r.device_no AND NOT q.counted AND q.reason = r.reason
       AND q.bytes = decode(r.bytes, 'base64') AND q.first IS NOT DISTINCT FROM r.first);

-- name: evidence
-- How many frames, and bytes, of these devices are kept as evidence only (not counted in a class).
SELECT device_no, count(*), sum(octet_length(bytes)) FROM quarantine WHERE device_no = ANY (%(devices)s::int8[]) AND NOT counted GROUP BY device_no;

-- name: held
-- Which quarantined frames hold any of these records.
SELECT DISTINCT q.id
FROM unnest(%(device)s::int8[], %(incarnation)s::int8[], %(boot)s::int8[], %(channel)s::int8[], %(first)s::int8[],
            %(end)s::int8[]) AS u (device, incarnation, boot, channel, first, "end")
JOIN quarantine q ON q.device_no = u.device::int4 AND q.counted AND q.incarnation = u.incarnation AND q.boot = u.boot
     AND q.channel = u.channel::int2 AND q.first < u."end" AND q.first + q.count > u.first;

-- name: held_bytes
-- The bytes that repeated records are compared with.
SELECT device_no, incarnation, boot, channel, first, count, bytes FROM quarantine WHERE id = ANY (%(ids)s::int8[]);

-- name: add_refused
INSERT INTO refused AS f (device_id, reason, count, last_at, sample)
SELECT r.device_id, r.reason, r.count, to_timestamp(r.at_ms / 1e3), decode(r.sample, 'base64')
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (device_id text, reason text, count int8, at_ms int8, sample text)
ON CONFLICT (device_id, reason) DO UPDATE
SET count = f.count + excluded.count, last_at = excluded.last_at, sample = excluded.sample;

-- name: add_events
INSERT INTO event (at, device_no, kind, boundary, owner, contact, detail)
SELECT to_timestamp(r.at_ms / 1e3), r.device_no, r.kind, r.boundary, r.owner, r.contact, r.detail
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (at_ms int8, device_no int4, kind text, boundary text, owner text, contact text,
     detail jsonb);

-- name: digests
-- Digests stored under repeated keys.
SELECT u.at, r.seq, r.digest
FROM unnest(%(device)s::int8[], %(incarnation)s::int8[], %(boot)s::int8[], %(first)s::int8[], %(end)s::int8[])
     WITH ORDINALITY AS u (device, incarnation, boot, first, "end", at)
JOIN {table} r ON r.device_no = u.device::int4 AND r.boot = u.boot AND r.incarnation = u.incarnation
     AND r.seq >= u.first AND r.seq < u."end";

-- name: heard_boots
-- Which of these boots were born or taken before, or are in the ledger; for a declared loss it is enough that the boot is closed.
SELECT u.at
FROM unnest(%(device)s::int8[], %(incarnation)s::int8[], %(boot)s::int8[], %(declared)s::int8[])
     WITH ORDINALITY AS u (device, incarnation, boot, declared, at)
WHERE EXISTS (SELECT FROM boot b WHERE b.device_no = u.device::int4 AND b.incarnation = u.incarnation AND b.boot = u.boot)
   OR EXISTS (SELECT FROM ledger l WHERE l.device_no = u.device::int4 AND l.incarnation = u.incarnation AND l.boot = u.boot)
   OR (u.declared = 1 AND EXISTS (SELECT FROM incarnation i WHERE i.device_no = u.device::int4 AND i.incarnation = u.incarnation
       AND i.closed > u.boot));

-- name: unborn_boots
-- How many boots of these devices were taken since the last birth although none had named them.
SELECT b.device_no, count(*)
FROM boot b LEFT JOIN presence p ON p.device_no = b.device_no AND p.session > 0
WHERE b.device_no = ANY (%(devices)s::int8[]) AND b.unborn AND b.reset IS NULL AND b.first_heard >= coalesce(p.born_at, '-infinity')
GROUP BY 1;

-- name: boots_of
-- The latest boots of each (device, incarnation), newest first, at most %(most)s of each.
SELECT u.device, u.incarnation, b.boot, b.began_before_ms, coalesce(b.uptime_ms, 0)
FROM unnest(%(device)s::int8[], %(incarnation)s::int8[]) AS u (device, incarnation)
CROSS JOIN LATERAL (
    SELECT boot, began_before_ms, uptime_ms FROM boot
    WHERE device_no = u.device::int4 AND incarnation = u.incarnation ORDER BY boot DESC LIMIT %(most)s) AS b;

-- name: anchors_of
-- Also those that contradict better ones: an even better one may bear them out.
SELECT u.device, u.incarnation, a.boot, a.at_ms, a.unix_ms, a.source, a.uncertainty_ms
FROM unnest(%(device)s::int8[], %(incarnation)s::int8[]) AS u (device, incarnation)
JOIN anchor a ON a.device_no = u.device::int4 AND a.incarnation = u.incarnation AND (a.accepted OR a.why = 'disagrees');

-- name: twins_of
SELECT coalesce(w.device_no, r.device_no), coalesce(w.property, r.property), w.value, w.version, w.asked_by,
       (extract(epoch FROM w.asked_at) * 1000)::int8, w.known, w.known_in, (extract(epoch FROM w.expires_at) * 1000)::int8,
       (extract(epoch FROM w.delivered_at) * 1000)::int8, (extract(epoch FROM w.seen_at) * 1000)::int8,
       (extract(epoch FROM w.resolved_at) * 1000)::int8, w.resolution,
       r.value, r.version, r.based_on, r.fault, r.incarnation, r.boot, r.at_ms,
       (extract(epoch FROM r.received_at) * 1000)::int8
FROM (SELECT * FROM twin_desired WHERE device_no = ANY (%(devices)s::int8[])) AS w
FULL JOIN (SELECT * FROM twin_reported WHERE device_no = ANY (%(devices)s::int8[])) AS r
     ON r.device_no = w.device_no AND r.property = w.property;

-- name: lock_devices
SELECT no FROM device WHERE no = ANY (%(devices)s::int8[]) ORDER BY no FOR UPDATE;

-- name: write_desired
INSERT INTO twin_desired (device_no, property, value, version, asked_by, asked_at, known, known_in, expires_at, delivered_at,
                          seen_at, resolved_at, resolution)
SELECT r.device_no, r.property, r.value, r.version, r.asked_by, to_timestamp(r.asked_ms / 1e3), r.known, r.known_in,
       to_timestamp(r.expires_ms / 1e3), to_timestamp(r.sent_ms / 1e3), to_timestamp(r.seen_ms / 1e3),
       to_timestamp(r.resolved_ms / 1e3), r.resolution
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (device_no int4, property text, value jsonb, version int8, asked_by text,
     asked_ms int8, known int8, known_in int8, expires_ms int8, sent_ms int8, seen_ms int8, resolved_ms int8, resolution text)
ON CONFLICT (device_no, property) DO UPDATE
SET value = excluded.value, version = excluded.version, asked_by = excluded.asked_by, asked_at = excluded.asked_at,
    known = excluded.known, known_in = excluded.known_in, expires_at = excluded.expires_at,
    delivered_at = excluded.delivered_at, seen_at = excluded.seen_at, resolved_at = excluded.resolved_at,
    resolution = excluded.resolution;

-- name: write_reported
INSERT INTO twin_reported (device_no, property, value, version, based_on, fault, boot, incarnation, at_ms, received_at)
SELECT r.device_no, r.property, r.value, r.version, r.based_on, r.fault, r.boot, r.incarnation, r.at_ms,
       to_timestamp(r.received_ms / 1e3)
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (device_no int4, property text, value jsonb, version int8, based_on int8,
     fault text, boot int8, incarnation int8, at_ms int8, received_ms int8)
ON CONFLICT (device_no, property) DO UPDATE
SET value = excluded.value, version = excluded.version, based_on = excluded.based_on, fault = excluded.fault,
    boot = excluded.boot, incarnation = excluded.incarnation, at_ms = excluded.at_ms, received_at = excluded.received_at;

-- name: sent_wishes
UPDATE twin_desired SET delivered_at = to_timestamp(%(at_ms)s / 1e3)
WHERE device_no = ANY (%(devices)s::int8[]) AND resolution IS NULL;

-- name: first_seen
INSERT INTO incarnation (device_no, incarnation, first_seen)
SELECT u.device, u.incarnation, to_timestamp(min(u.arrival) / 1e6)
FROM unnest(%(device)s::int8[], %(incarnation)s::int8[], %(arrival)s::int8[]) AS u (device, incarnation, arrival)
GROUP BY 1, 2
ON CONFLICT DO NOTHING;

-- name: generation
-- The Unix second of the first start, so that no emptied or restored database repeats one; a restored database gets a later
-- one, and every device is told.
INSERT INTO hub_meta (key, value) VALUES ('generation', to_jsonb(extract(epoch FROM clock_timestamp())::int8))
ON CONFLICT (key) DO UPDATE SET value = hub_meta.value RETURNING (value #>> '{}')::int8;

-- name: next_generation
INSERT INTO hub_meta (key, value) VALUES ('generation', to_jsonb(extract(epoch FROM clock_timestamp())::int8))
ON CONFLICT (key) DO UPDATE SET value = to_jsonb(greatest(
    (hub_meta.value #>> '{}')::int8 + 1, extract(epoch FROM clock_timestamp())::int8));

-- name: next_wishes
-- Versions of wishes that were lost with what was restored over are never given again: devices have seen them. One wish a second
-- for each property is more than anybody makes, so the seconds since 2023-11-14 are above all that were given before.
INSERT INTO hub_meta (key, value)
VALUES ('wishes_above', to_jsonb(extract(epoch FROM clock_timestamp())::int8 - 1700000000))
ON CONFLICT (key) DO UPDATE SET value = to_jsonb(greatest(
    (hub_meta.value #>> '{}')::int8, extract(epoch FROM clock_timestamp())::int8 - 1700000000));

-- name: raise_wishes
-- Wishes that were made before count as made anew: no device has seen one that is still open, by this version.
UPDATE twin_desired w SET version = (m.value #>> '{}')::int8,
    delivered_at = CASE WHEN w.resolution IS NOT NULL THEN w.delivered_at END,
    seen_at = CASE WHEN w.resolution IS NOT NULL THEN w.seen_at END
FROM hub_meta m WHERE m.key = 'wishes_above' AND w.version < (m.value #>> '{}')::int8;

-- name: wishes_above
-- New wishes have versions above this one. No row: nothing was ever restored.
SELECT (value #>> '{}')::int8 FROM hub_meta WHERE key = 'wishes_above';

-- name: devices_total
SELECT count(*) FROM device WHERE state = 'active';

-- name: hold_calibrations
-- Until this batch is committed nobody adds coefficients (`calibration_store` waits): its rows are valued with those in force.
SELECT pg_advisory_xact_lock_shared(%(key)s);

-- name: calibrations_since
-- The newest serial, and whose coefficients came after the one that is known. A statement of its own, so that it sees what was
-- committed while the lock was waited for.
SELECT coalesce(max(serial), 0),
       coalesce(array_agg(DISTINCT device_no) FILTER (WHERE serial > %(seen)s), '{}')
FROM calibration WHERE serial >= %(seen)s;

-- name: calibrations_of
SELECT device_no, product, name, version, coefficients, (extract(epoch FROM valid_from) * 1000000)::int8,
       (extract(epoch FROM valid_to) * 1000000)::int8
FROM calibration WHERE device_no = ANY (%(devices)s::int8[]) ORDER BY device_no, name, version;
