"""Numbers: what Wireshark's Statistics menu shows, without an opinion.

Rules: one `@statistic` function a table; it equals Wireshark's for the same file, or its docstring says where not; rows
are in the order of the menu, units stand in the columns.
"""
