"""All layers as one GeoJSON (RFC 7946), with the plan's name and content as members of the collection."""

from __future__ import annotations

import json

from seamline.site.documents.design import Design
from seamline.site.documents.layers import items
from seamline.site.survey.geojson import rounded


def geojson(design: Design) -> bytes:
    """A FeatureCollection; each feature names its `layer`."""
    features = [
        {
            "type": "Feature",
            "id": f"{item.layer}/{item.id}",
            "geometry": rounded(item.geometry),
            "properties": {"layer": item.layer, "name": item.name, **item.properties},
        }
        for item in items(design)
    ]
    plan = design.plan
    about = {"site": plan.name, "title": plan.title, "variant": plan.variant, "content": design.content.hash}
    document = {"type": "FeatureCollection", "seamline": about, "features": features}
    return (json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False) + "\n").encode()
