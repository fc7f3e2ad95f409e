"""A capture without what tells about people: addresses and names replaced in place, payload blanked. Pure.

Rules: nothing is copied that is not known to tell nothing: bytes start as zeros, and each protocol puts back what its
module names; lengths, times and sequence numbers stay; a checksum is as right or wrong as it was.
"""
