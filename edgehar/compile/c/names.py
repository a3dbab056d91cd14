"""What generated files and their symbols are called, so that several models live in one image."""

from __future__ import annotations

import re
from dataclasses import dataclass

from edgehar.errors import EdgeharError

#: A model without a name of its own.
DEFAULT = "model"
_VALID = re.compile(r"[a-z][a-z0-9_]{0,30}")


@dataclass(frozen=True)
class Names:
    """Names made of one word: `walk` gives `walk_data.h`, `edgehar_walk_data` and `EDGEHAR_WALK_WINDOW`.

    Raises:
        EdgeharError: no lower-case C identifier of 1 to 31 characters.
    """

    name: str = DEFAULT

    def __post_init__(self) -> None:
        if not _VALID.fullmatch(self.name):
            raise EdgeharError(
                f"expected a name of 1 to 31 letters a-z, digits and underscores that begins with a letter, "
                f"got {self.name!r}"
            )

    @property
    def header(self) -> str:
        """File of the sizes."""
        return f"{self.name}_data.h"

    @property
    def source(self) -> str:
        """File of the tables."""
        return f"{self.name}_data.c"

    @property
    def blob(self) -> str:
        """File of the model as one block of bytes."""
        return f"{self.name}.blob"

    @property
    def symbol(self) -> str:
        """The one symbol that the linker sees."""
        return f"edgehar_{self.name}_data"

    @property
    def personal(self) -> str:
        """The symbol that the linker sees where profiles are used."""
        return f"edgehar_{self.name}_personal"

    @property
    def resampler(self) -> str:
        """The symbol that the linker sees where a sensor has another rate."""
        return f"edgehar_{self.name}_resampler"

    def macro(self, field: str) -> str:
        """A macro of the header."""
        return f"EDGEHAR_{self.name.upper()}_{field}"
