"""The planner: a plan in a browser on the same machine.

Nodes are moved on a map, the page's own kernel says at once what they then see, and the server confirms it; placement, links, power and
the bill of materials are worked out here. Needs the extras `site` and `hub`.
"""
