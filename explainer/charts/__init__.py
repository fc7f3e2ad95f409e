"""Numbers → SVG, as people would rather look than read. Pure.

Rules: every chart has a title and a description; colours come from the page's style sheet by class; whatever a chart
shows stands in a table, too.
"""
