-- Coefficients of the devices' calibrations: how they are added, and history asked to be valued anew (`worker.sql` does it).

-- name: be_patient
-- For this transaction: a lock that is not given within so many ms is an error.
SELECT set_config('lock_timeout', %(patience)s, true);

-- name: hold_batches
-- No batch with calibrated records is in its transaction until this one ends (`hold_calibrations` in ingest.sql).
SELECT pg_advisory_xact_lock(%(key)s);

-- name: known_devices
-- A device that was made and never heard: its product is the factory's word until its first birth.
INSERT INTO device (id, product)
SELECT DISTINCT r.device, r.product FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (device text, product text)
ORDER BY 1, 2  -- two imports of the same new devices wait for each other in one order
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
ORDER BY r.device_no, r.name COLLATE "C";
