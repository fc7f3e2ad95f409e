"""Ask a packet capture why a connection fails, and get an answer that the packets prove.

from explainer import analyse, ask
analysis = analyse("capture.pcapng")
print(ask(analysis, "why does my TLS handshake fail?").verdict)
"""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["__version__", "analyse", "ask"]

if TYPE_CHECKING:
    from explainer.pipeline import analyse, ask


def __getattr__(name: str) -> Any:
    # The pipeline is imported at first use: the version and --help need nothing of it.
    if name in ("analyse", "ask"):
        from explainer import pipeline

        return getattr(pipeline, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
