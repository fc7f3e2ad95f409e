"""The pack that is attached to a ticket: report, evidence, dissection, checksums; in pseudonyms where that is wanted.

Rules: the same capture and settings give the same bytes; the evidence is analysed on its own before it is packed, and
the manifest says what it shows and what it does not.
"""
