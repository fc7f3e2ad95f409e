"""Ethernet: the addresses of each header (IEEE 802.3); other link layers have none, even where theirs look alike."""

from explainer.facts import Column

SOURCE = Column("eth.src", many=True)
DESTINATION = Column("eth.dst", many=True)
