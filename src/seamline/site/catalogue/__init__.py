"""The catalogue: parts that a site is built of, each figure with the source that it comes from."""

from __future__ import annotations

from seamline.site.catalogue.loader import load_catalogue, shipped
from seamline.site.catalogue.parts import Catalogue, Money, Part

__all__ = ["Catalogue", "Money", "Part", "load_catalogue", "shipped"]
