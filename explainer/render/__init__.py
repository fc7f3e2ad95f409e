"""Output formats: each kind of result in, one string out.

Rules: a renderer knows the model alone; it prints, computes and judges nothing; every captured string is made visible.
"""
