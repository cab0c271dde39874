-- The hub's background steps.

-- name: due_presence
-- Devices whose presence is to be judged anew: something changed, or the time at which the last claim ends has come.
-- What ingest is writing stays due: the worker never waits for a row that ingest holds, so the two cannot wait for each other.
SELECT p.device_no, d.product, p.incarnation, p.boot, coalesce(p.session, 0), (extract(epoch FROM p.born_at) * 1000)::int8,
       (extract(epoch FROM p.last_heard) * 1000)::int8, (extract(epoch FROM p.last_answered) * 1000)::int8,
       (extract(epoch FROM p.died_at) * 1000)::int8, p.unanswered, p.last_end, p.publish_every_ms, p.answer_timeout_ms,
       p.presumed_lost_after_ms, p.announced, p.check_at::text
FROM presence p JOIN device d ON d.no = p.device_no
WHERE p.check_at <= to_timestamp(%(now_ms)s / 1e3) LIMIT %(most)s FOR UPDATE OF p SKIP LOCKED;

-- name: still_online
-- Devices that were told to be there and have been heard since: the claim goes on without being judged. Only where it certainly
-- does: at most one question went unanswered, and the last answer is no longer ago than three answer timeouts before the last word.
UPDATE presence p
SET check_at = to_timestamp(
    (((extract(epoch FROM p.last_heard) * 1000)::int8 + p.publish_every_ms::numeric + p.answer_timeout_ms + 1) / 1000)::float8)
WHERE p.device_no IN (
    SELECT device_no FROM presence
    WHERE check_at <= to_timestamp(%(now_ms)s / 1e3) AND announced = 'online' AND died_at IS NULL AND unanswered < 2
      AND (extract(epoch FROM last_heard) * 1000)::int8 + publish_every_ms::numeric + answer_timeout_ms >= %(now_ms)s
      AND (extract(epoch FROM last_heard) * 1000)::int8
          <= (extract(epoch FROM greatest(born_at, last_answered)) * 1000)::int8 + 3 * answer_timeout_ms::numeric
    LIMIT %(most)s FOR UPDATE SKIP LOCKED);

-- name: last_told
-- What was told last of each device's presence (`steps/presence.py:SPOKEN_OF`), or NULL.
SELECT u.device, (SELECT e.kind FROM event e
                  WHERE e.device_no = u.device::int4 AND e.kind IN ('online', 'deaf', 'lost', 'presumed_lost')
                  ORDER BY e.at DESC, e.id DESC LIMIT 1)
FROM unnest(%(devices)s::int8[]) AS u (device);

-- name: announce
-- What ingest wrote meanwhile stays due: it is judged at the next turn.
UPDATE presence p
SET announced = r.state,
    check_at = CASE WHEN p.check_at = r.was THEN to_timestamp(r.next_ms / 1e3) ELSE p.check_at END
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (device_no int4, state text, next_ms int8, was timestamptz)
WHERE p.device_no = r.device_no;

-- name: add_events
INSERT INTO event (at, device_no, kind, boundary, owner, contact, detail)
SELECT to_timestamp(r.at_ms / 1e3), r.device_no, r.kind, r.boundary, r.owner, r.contact, r.detail
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (at_ms int8, device_no int4, kind text, boundary text, owner text, contact text,
     detail jsonb);

-- name: untold_quarantine
-- Quarantine its owner has not been told of, by device and reason; marked as told in the same statement.
WITH told AS (
    UPDATE quarantine SET told = true
    WHERE id IN (SELECT id FROM quarantine WHERE NOT told ORDER BY id LIMIT %(most)s)
    RETURNING device_no, reason, count, detail)
SELECT t.device_no, d.product, t.reason, count(*), coalesce(sum(t.count), 0)::int8, max(t.detail)
FROM told t LEFT JOIN device d ON d.no = t.device_no GROUP BY 1, 2, 3;

-- name: untold_losses
WITH told AS (
    UPDATE loss SET told = true WHERE id IN (SELECT id FROM loss WHERE NOT told ORDER BY id LIMIT %(most)s)
    RETURNING device_no, reason, channel, count * boots AS records)
SELECT t.device_no, d.product, t.reason, t.channel, sum(t.records)::int8
FROM told t LEFT JOIN device d ON d.no = t.device_no GROUP BY 1, 2, 3, 4;

-- name: untold_gaps
-- Rows with holes that have been open for so long, of devices heard since, and not told of yet since they opened.
SELECT l.device_no, d.product, l.incarnation, l.boot, l.channel, l.gaps, l.owed_since_ms
FROM ledger l JOIN device d ON d.no = l.device_no JOIN presence p ON p.device_no = l.device_no
WHERE l.gaps <> '{}' AND l.owed_since_ms < %(before_ms)s AND p.last_heard > to_timestamp(%(before_ms)s / 1e3)
  AND NOT EXISTS (
    SELECT FROM event e WHERE e.device_no = l.device_no AND e.kind = 'gap' AND e.at >= to_timestamp(l.owed_since_ms / 1e3)
       AND (e.detail ->> 'boot')::int8 = l.boot AND (e.detail ->> 'channel')::int8 = l.channel
       AND (e.detail ->> 'since_ms')::int8 = l.owed_since_ms)
LIMIT %(most)s;

-- name: redates
SELECT b.device_no, b.incarnation, b.boot, b.redate_from_ms, b.redate_version, coalesce(b.contract, d.contract), d.product
FROM boot b JOIN device d ON d.no = b.device_no WHERE b.redate_from_ms IS NOT NULL LIMIT %(most)s;

-- name: redated
-- Unless something new was heard of a boot meanwhile.
UPDATE boot b SET redate_from_ms = NULL
FROM unnest(%(device)s::int8[], %(incarnation)s::int8[], %(boot)s::int8[], %(version)s::int8[])
     AS u (device, incarnation, boot, version)
WHERE b.device_no = u.device::int4 AND b.incarnation = u.incarnation AND b.boot = u.boot AND b.redate_version = u.version;

-- name: dated_rows
-- A stretch of the rows of each of these boots, from an uptime on: the latest before a sequence. `place` says of which boot, from 1.
SELECT u.place, r.seq, r.arrival, r.uptime_ms, (extract(epoch FROM r.arrival) * 1000)::int8,
       (extract(epoch FROM r.measured) * 1000)::int8, r.error_ms, r.quality
FROM unnest(%(device)s::int8[], %(incarnation)s::int8[], %(boot)s::int8[], %(before)s::int8[], %(from_ms)s::int8[])
     WITH ORDINALITY AS u (device, incarnation, boot, before, from_ms, place)
     CROSS JOIN LATERAL (
         SELECT t.seq, t.arrival, t.uptime_ms, t.measured, t.error_ms, t.quality FROM {table} t
         WHERE t.device_no = u.device::int4 AND t.boot = u.boot AND t.incarnation = u.incarnation AND t.seq < u.before
           AND t.uptime_ms >= u.from_ms
         ORDER BY t.seq DESC LIMIT %(most)s) r;

-- name: revise
-- `arrival` names the partition; a row is revised at most once for each new timeline.
UPDATE {table} t
SET measured = to_timestamp(r.unix_ms / 1e3), error_ms = r.error_ms, quality = r.quality, revision = least(t.revision + 1, 32767)
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (device_no int4, incarnation int8, boot int8, seq int8, arrival timestamptz,
     unix_ms int8, error_ms int8, quality int2)
WHERE t.device_no = r.device_no AND t.boot = r.boot AND t.incarnation = r.incarnation AND t.seq = r.seq AND t.arrival = r.arrival;

-- name: reading_tables
SELECT DISTINCT product, message FROM layout WHERE product = %(product)s AND message_id <> 0;

-- name: unseen_wishes
-- Devices with wishes that were never sent, or sent a while ago and not seen by a device that is there.
SELECT DISTINCT d.id, d.no
FROM twin_desired w JOIN device d ON d.no = w.device_no LEFT JOIN presence p ON p.device_no = d.no
WHERE w.resolution IS NULL AND w.seen_at IS NULL AND p.died_at IS NULL
  AND (w.expires_at IS NULL OR w.expires_at > to_timestamp(%(now_ms)s / 1e3))
  AND (w.delivered_at IS NULL
       OR (w.delivered_at < to_timestamp((%(now_ms)s - %(again_ms)s) / 1e3) AND p.last_heard > w.delivered_at))
LIMIT %(most)s;

-- name: due_twins
-- Devices with a wish that time alone changes: it expires, or a local override ends.
SELECT DISTINCT w.device_no, d.id, d.contract
FROM twin_desired w JOIN device d ON d.no = w.device_no
WHERE (w.resolution IS NULL AND w.expires_at <= to_timestamp(%(now_ms)s / 1e3)) OR w.resolution = 'overridden'
LIMIT %(most)s;

-- name: releasable
-- Unregistered frames, oldest first, whose layout is registered by now.
SELECT q.id, q.device_no, q.device_id, (extract(epoch FROM q.arrival) * 1000000)::int8, q.channel, q.layout, q.fingerprint,
       q.incarnation, q.boot, q.first, q.count, q.bytes
FROM quarantine q JOIN layout l ON l.message_id = q.channel AND l.layout = q.layout AND l.fingerprint = q.fingerprint
WHERE q.resolved_at IS NULL AND q.reason = 'unregistered' AND q.counted
ORDER BY q.id LIMIT %(most)s FOR UPDATE OF q SKIP LOCKED;

-- name: released
UPDATE quarantine SET resolved_at = now() WHERE id = ANY (%(ids)s::int8[]);

-- name: reclass
-- Quarantined records became rows: in the row of the ledger, or in the fold of its boot.
WITH moved AS (
    SELECT * FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (device_no int4, incarnation int8, boot int8, channel int2, count int8)),
open AS (
    UPDATE ledger l SET quarantined = l.quarantined - m.count, stored = l.stored + m.count, version = l.version + 1
    FROM moved m WHERE l.device_no = m.device_no AND l.incarnation = m.incarnation AND l.boot = m.boot AND l.channel = m.channel
    RETURNING l.device_no, l.incarnation, l.boot, l.channel),
closed AS (
    SELECT m.device_no, m.incarnation, m.channel, sum(m.count)::int8 AS count FROM moved m
    WHERE NOT EXISTS (SELECT FROM open o WHERE o.device_no = m.device_no AND o.incarnation = m.incarnation AND o.boot = m.boot
                      AND o.channel = m.channel)
    GROUP BY 1, 2, 3),
folded AS (
    UPDATE ledger_fold f SET quarantined = f.quarantined - c.count, stored = f.stored + c.count
    FROM closed c WHERE f.device_no = c.device_no AND f.incarnation = c.incarnation AND f.channel = c.channel
    RETURNING 1)
SELECT (SELECT count(*) FROM open) + (SELECT count(*) FROM folded), (SELECT count(*) FROM moved);

-- name: ask_again
-- Rows of these devices came late or were dated anew: those that are not valued with what is in force now.
INSERT INTO revaluation (device_no, product, calibration, from_version, to_version, by, reason)
SELECT c.device_no, c.product, c.name, max(c.version), max(c.version), 'hub', %(reason)s
FROM calibration c
WHERE c.device_no = ANY (%(devices)s::int8[])
GROUP BY c.device_no, c.product, c.name
HAVING (NOT %(dated)s OR bool_or(c.valid_from IS NOT NULL OR c.valid_to IS NOT NULL))
   AND NOT EXISTS (
    SELECT FROM revaluation r WHERE r.device_no = c.device_no AND r.product = c.product AND r.calibration = c.name
       AND r.finished_at IS NULL AND r.place IS NULL AND r.to_version = max(c.version))
ORDER BY c.device_no, c.product COLLATE "C", c.name COLLATE "C";

-- name: due_revaluations
SELECT r.id, r.device_no, r.product, r.calibration, r.to_version, r.place
FROM revaluation r WHERE r.finished_at IS NULL ORDER BY r.id LIMIT %(most)s;

-- name: versions_until
SELECT version, coefficients, (extract(epoch FROM valid_from) * 1000000)::int8, (extract(epoch FROM valid_to) * 1000000)::int8
FROM calibration
WHERE device_no = %(device)s AND product = %(product)s AND name = %(name)s AND version <= %(version)s;

-- name: layouts_of
SELECT canonical FROM layout WHERE product = %(product)s AND message_id <> 0 ORDER BY message_id, layout, registered_at;

-- name: counted_rows
-- A stretch of one device's rows behind a place, with the moment of each, Unix µs.
SELECT boot, seq, incarnation, layout, arrival, (extract(epoch FROM coalesce(measured, arrival)) * 1000000)::int8,
       {version}, {counts}
FROM {table}
WHERE device_no = %(device)s AND (boot, seq, incarnation) > (%(boot)s, %(seq)s, %(incarnation)s)
ORDER BY boot, seq, incarnation LIMIT %(most)s;

-- name: revalue
-- `rows` have the columns by their names, and the key; `arrival` names the partition.
UPDATE {table} t SET ({columns}) = (SELECT {columns} FROM (SELECT u.*) AS v)
FROM jsonb_populate_recordset(NULL::{table}, %(rows)s::jsonb) AS u
WHERE t.device_no = u.device_no AND t.boot = u.boot AND t.seq = u.seq AND t.incarnation = u.incarnation AND t.arrival = u.arrival;

-- name: passed
-- In the transaction of the rows themselves: each is counted once, whatever is killed when.
UPDATE revaluation
SET rows = rows + %(count)s, place = %(place)s::jsonb,
    first_measured = least(first_measured, to_timestamp(%(first_us)s::int8 / 1e6)),
    last_measured = greatest(last_measured, to_timestamp(%(last_us)s::int8 / 1e6))
WHERE id = %(id)s;

-- name: finished
UPDATE revaluation SET finished_at = now() WHERE id = %(id)s;

-- name: forget_empty
-- What the hub asked for itself, and nothing had to be done.
DELETE FROM revaluation WHERE id = %(id)s AND from_version = to_version AND rows = 0;
