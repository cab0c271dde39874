-- Coefficients of the devices' calibrations, and the passes that value history anew.

-- name: hold_batches
-- No batch with calibrated records is in its transaction until this one ends (`hold_calibrations` in ingest.sql).
SELECT pg_advisory_xact_lock(%(key)s);

-- name: known_devices
-- A device that was made and never heard: its product is the factory's word until its first birth.
INSERT INTO device (id, product)
SELECT DISTINCT r.device, r.product FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (device text, product text)
ORDER BY 1  -- two imports of the same new devices wait for each other in one order
ON CONFLICT (id) DO NOTHING;

-- name: numbers_of
SELECT id, no FROM device WHERE id = ANY (%(devices)s);

-- name: newest_versions
-- The newest version of each of these, as far as there is one.
SELECT DISTINCT ON (c.device_no, c.product, c.name) c.device_no, c.product, c.name, c.version, c.coefficients,
       (extract(epoch FROM c.valid_from) * 1000)::int8, (extract(epoch FROM c.valid_to) * 1000)::int8, c.by, c.reason
FROM calibration c
JOIN jsonb_to_recordset(%(rows)s::jsonb) AS r (device_no int4, product text, name text)
     ON c.device_no = r.device_no AND c.product = r.product AND c.name = r.name
ORDER BY c.device_no, c.product, c.name, c.version DESC;

-- name: add_versions
INSERT INTO calibration (device_no, product, name, version, coefficients, valid_from, valid_to, by, reason)
SELECT r.device_no, r.product, r.name, r.version, r.coefficients, to_timestamp(r.from_ms / 1e3), to_timestamp(r.to_ms / 1e3),
       r.by, r.reason
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (device_no int4, product text, name text, version int4, coefficients jsonb,
     from_ms int8, to_ms int8, by text, reason text);

-- name: ask_revaluations
-- Only devices that have been heard have rows to value anew; batches are held off, so no first row is on its way.
INSERT INTO revaluation (device_no, product, calibration, from_version, to_version, by, reason)
SELECT r.device_no, r.product, r.name, nullif(r.version - 1, 0), r.version, r.by, r.reason
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (device_no int4, product text, name text, version int4, by text, reason text)
WHERE EXISTS (SELECT FROM ledger l WHERE l.device_no = r.device_no)
   OR EXISTS (SELECT FROM ledger_fold f WHERE f.device_no = r.device_no)
ORDER BY r.device_no, r.name;

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
       {version}{counts}
FROM {table}
WHERE device_no = %(device)s AND (boot, seq, incarnation) > (%(boot)s, %(seq)s, %(incarnation)s)
ORDER BY boot, seq, incarnation LIMIT %(most)s;

-- name: revalue
-- `arrival` names the partition. NaN stands for no value.
UPDATE {table} t SET {version} = nullif(u.version, 0)::int4{values}
FROM unnest(%(boot)s::int8[], %(seq)s::int8[], %(incarnation)s::int8[], %(arrival)s::timestamptz[], %(version)s::int8[]{arrays})
     AS u (boot, seq, incarnation, arrival, version{names})
WHERE t.device_no = %(device)s AND t.boot = u.boot AND t.seq = u.seq AND t.incarnation = u.incarnation AND t.arrival = u.arrival;

-- name: passed
-- In the transaction of the rows themselves: each is counted once, whatever is killed when.
UPDATE revaluation
SET rows = rows + %(rows)s, place = %(place)s::jsonb,
    first_measured = least(first_measured, to_timestamp(%(first_us)s::int8 / 1e6)),
    last_measured = greatest(last_measured, to_timestamp(%(last_us)s::int8 / 1e6))
WHERE id = %(id)s;

-- name: finished
UPDATE revaluation SET finished_at = now() WHERE id = %(id)s;

-- name: forget_empty
-- What the hub asked for itself, and nothing had to be done.
DELETE FROM revaluation WHERE id = %(id)s AND from_version = to_version AND rows = 0;
