"""Everything that is generated from a plan: bill of materials, drawings, schedules and maps, all of one content.

design                           a plan worked out: the one value that every document is made of
content                          the hash that stands on every document, and what went into it
bom, schedules                   lines: what is bought, what is pulled, what is fed, where each thing is
drawing, fonts, svg, pdf         marks on a sheet, and the two ways of writing them
sheets, maps, topology, mounting, tables   the sheets
csv_files, geojson, kml          the same for other programs
folder, manifest                 all of it as a folder, and the proof that it is of one plan
changes                          what two designs differ in, and what that costs
"""
