-- Coefficients of devices, as people and the factory see them.

-- name: calibration_versions
-- Newest first.
SELECT c.name, c.version, c.coefficients, c.by, c.reason, (extract(epoch FROM c.made_at) * 1000)::int8 AS made_ms,
       (extract(epoch FROM c.valid_from) * 1000)::int8 AS from_ms, (extract(epoch FROM c.valid_to) * 1000)::int8 AS to_ms
FROM calibration AS c WHERE c.device_no = %(no)s AND c.product = %(product)s
ORDER BY c.name, c.version DESC

-- name: calibration_passes
-- Newest first.
SELECT r.id, r.calibration, r.from_version, r.to_version, r.by, r.reason,
       (extract(epoch FROM r.asked_at) * 1000)::int8 AS asked_ms, (extract(epoch FROM r.finished_at) * 1000)::int8 AS finished_ms,
       r.rows, (extract(epoch FROM r.first_measured) * 1000)::int8 AS first_ms,
       (extract(epoch FROM r.last_measured) * 1000)::int8 AS last_ms
FROM revaluation AS r WHERE r.device_no = %(no)s AND r.product = %(product)s
ORDER BY r.id DESC LIMIT %(limit)s

-- name: coefficients_of
SELECT c.product, c.name, c.version, c.coefficients, (extract(epoch FROM c.valid_from) * 1000000)::int8 AS from_us,
       (extract(epoch FROM c.valid_to) * 1000000)::int8 AS to_us
FROM calibration AS c JOIN device AS d ON d.no = c.device_no WHERE d.id = %(device)s

-- name: product_layouts
SELECT l.message, l.message_id AS channel, l.layout, l.canonical
FROM layout AS l WHERE l.product = ANY (%(products)s) AND l.message_id <> 0
ORDER BY l.product, l.message_id, l.layout, l.registered_at
