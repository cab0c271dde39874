-- Sites: published plans, who stands where, and who put it there.

-- name: sites
-- The newest plan of each site.
SELECT DISTINCT ON (p.site) p.site, p.version, p.hash, p.document ->> 'title' AS title,
       (extract(epoch FROM p.published_at) * 1000)::int8 AS published_ms, p.by
FROM site_plan AS p ORDER BY p.site, p.version DESC

-- name: site_plan
SELECT p.site, p.version, p.hash, p.document, (extract(epoch FROM p.published_at) * 1000)::int8 AS published_ms, p.by
FROM site_plan AS p WHERE p.site = %(site)s ORDER BY p.version DESC LIMIT 1

-- name: site_plan_head
-- The plan in force, without its document: that is read once for each version.
SELECT p.site, p.version, p.hash, (extract(epoch FROM p.published_at) * 1000)::int8 AS published_ms, p.by
FROM site_plan AS p WHERE p.site = %(site)s ORDER BY p.version DESC LIMIT 1

-- name: site_plan_document
SELECT p.document AS value FROM site_plan AS p WHERE p.site = %(site)s AND p.version = %(version)s

-- name: site_plan_history
-- Without the documents; newest first.
SELECT p.version, p.hash, (extract(epoch FROM p.published_at) * 1000)::int8 AS published_ms, p.by
FROM site_plan AS p WHERE p.site = %(site)s AND (%(before)s::int8 IS NULL OR p.version < %(before)s)
ORDER BY p.version DESC LIMIT %(limit)s

-- name: site_lock
-- One at a time publishes and binds: numbers of versions are given in order.
SELECT pg_advisory_xact_lock(hashtextextended('site', 0))

-- name: site_publish
INSERT INTO site_plan (site, version, hash, document, by)
SELECT %(site)s, coalesce(max(p.version), 0) + 1, %(hash)s, %(document)s::jsonb, %(by)s
FROM site_plan AS p WHERE p.site = %(site)s
RETURNING version AS value

-- name: site_places
SELECT p.node, p.device, d.no, d.product, (extract(epoch FROM p.bound_at) * 1000)::int8 AS bound_ms
FROM site_place AS p LEFT JOIN device AS d ON d.id = p.device WHERE p.site = %(site)s ORDER BY p.node

-- name: site_place_of_device
SELECT p.site, p.node FROM site_place AS p WHERE p.device = %(device)s

-- name: site_bind
INSERT INTO site_place (site, node, device) VALUES (%(site)s, %(node)s, %(device)s)

-- name: site_unbind
DELETE FROM site_place WHERE site = %(site)s AND node = %(node)s

-- name: site_binding_note
INSERT INTO site_binding (site, node, device, action, by, reason)
VALUES (%(site)s, %(node)s, %(device)s, %(action)s, %(by)s, %(reason)s)

-- name: site_binding_history
-- Newest first.
SELECT b.id, b.node, b.device, b.action, b.by, b.reason, (extract(epoch FROM b.at) * 1000)::int8 AS at_ms
FROM site_binding AS b WHERE b.site = %(site)s AND (%(before)s::int8 IS NULL OR b.id < %(before)s)
ORDER BY b.id DESC LIMIT %(limit)s
