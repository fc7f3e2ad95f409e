"""Opinions: what an expert would say of the facts, each with the frames that prove it.

Rules: one `@rule` function a finding; thresholds are keyword-only arguments with their reason; a rule names whose side
must act and what the capture cannot show; where the packets leave a doubt, it lowers its confidence or stays silent.
"""
