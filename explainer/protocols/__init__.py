"""Facts of each protocol: what was said on the wire, never a judgement.

Rules: one file a protocol; a file declares the columns that it reads as constants, and its facts name them; records are
frozen dataclasses; frames that quote others (ICMP errors) are never taken for the quoted protocol.
"""
