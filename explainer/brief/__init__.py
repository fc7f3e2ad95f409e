"""What a model is given to read: the analysis, ranked for the question, within a token budget. Pure.

Rules: the same analysis and question give the same bytes; what does not fit is named, never silently dropped.
"""
