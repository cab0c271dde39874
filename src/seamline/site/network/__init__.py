"""Who hears whom, how much the air and the cables carry, and what goes dark when one thing fails. Pure functions of a site.

profile, propagation      what lies between two antennas, and what it costs (P.525, P.526)
bands, airtime, traffic   what may be sent, how long it takes, how much a product sends
links, graph, topology    which links hold, the way of every node to a gateway, single points of failure
cover, choice, remedies   where gateways and relays go, and what would help a node that no one hears
loads                     air time, duty cycles, collisions, capacity
routes, trenches, power_lines, wiring   cables along allowed routes
"""
