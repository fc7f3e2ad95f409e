"""Every statistic against Wireshark's own numbers for the same file."""
