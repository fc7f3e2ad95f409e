"""The lab records captures of real programs that fail for a real reason.

Rules
* A scenario makes its fault with real programs in network namespaces; no outside address is ever contacted.
* The truth is written beside the script that makes it, never read off the recording afterwards.
* A recording that does not show its truth (no deciding frame, another exit code) is an error, not a capture.
"""
