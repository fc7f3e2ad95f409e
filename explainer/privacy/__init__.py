"""What leaves this machine: pseudonyms for whatever tells about people and networks, and a check of the bytes. Pure.

Rules: a mapping is made from the capture and never sent; it keeps structure (same subnet, same domain, private or
public) and nothing else; secrets are masked even where pseudonyms are off; what is left over is refused, not sent.
"""
