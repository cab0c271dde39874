"""The system map: who hands what to whom, who answers for it, and how long everybody waits; as SVG and as Mermaid text."""
