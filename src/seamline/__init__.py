"""Seamline: one contract, both halves of a connected product, and every record accounted for."""

__version__ = "0.1.0.dev0"
