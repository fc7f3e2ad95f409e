"""UDP's fields (RFC 768); its conversations are in `udp_conversations`."""

from explainer.facts import Column, Kind

STREAM = Column("udp.stream", Kind.INT, many=True)
SOURCE_PORT = Column("udp.srcport", Kind.INT, many=True)
DESTINATION_PORT = Column("udp.dstport", Kind.INT, many=True)
