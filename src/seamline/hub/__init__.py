"""The cloud half: ingest, ledger, time, twin, quarantine, API."""
