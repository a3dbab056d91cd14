"""The folder that an export writes: reading it, writing it, and what must hold of it."""

from edgehar.bundle.read import FORMAT, MANIFEST, Bundle, open_bundle

__all__ = ["FORMAT", "MANIFEST", "Bundle", "open_bundle"]
