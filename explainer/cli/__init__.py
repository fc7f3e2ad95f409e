"""The command line: parse, call the pipeline, render, exit code. Only here is anything printed, or a variable read.

Rules: results go to stdout, talk and progress to stderr; one file a command, at most 25 lines of logic each.
"""
