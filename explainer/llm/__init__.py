"""Answers: from the findings alone, or from a language model that reads the brief.

Rules: a model reads the analysis and never writes to it; whatever fails on the way to a model, the offline answer is
still there.
"""
