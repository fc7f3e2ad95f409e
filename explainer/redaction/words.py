"""The words that protocols themselves say: what is left of a line of text when all others are masked.

Keywords of FTP, mail, SSH, Redis and HTTP, header names, status phrases, and the plain English of refusals. A name that
happens to be one of them is not told by it.
"""

from importlib.resources import files

TEXT = files("explainer.redaction").joinpath("words.txt").read_text("ascii")
WORDS = frozenset(TEXT.encode().split())
