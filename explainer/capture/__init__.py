"""The edge to tshark: the only room that starts processes.

Rules: nothing of the user's Wireshark profile, plugins, names, locale or time zone reaches a result; output is
streamed, never held whole; whatever ends a run, no tshark is left behind.
"""
