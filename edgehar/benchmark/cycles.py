"""An estimate of cycles from executed instructions, by the tables of Arm's technical reference manuals.

Sources: Cortex-M0 TRM (DDI 0432), table 3-1; Cortex-M3 TRM (100165), table 3-1; Cortex-M4 TRM (100166), 3-1 to 3-3.
What a manual gives as a range (the refill of the pipeline, long products on the M3, divisions, loads that may overlap
with their neighbours) has a least and a most here: the estimate is the middle, and its error half the distance. Flash
wait states, interrupts and shared buses are left out, and a Cortex-M0 is taken to multiply in one cycle; some need 32.
The Cortex-M7's manual has no such table: it is counted as an M4, although it issues two instructions at once and
predicts jumps, so that its figure is rather an upper bound. Of the M33 and the M55 nothing is estimated.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

#: Cores for which there is an estimate, and whose table is used.
TABLES = {"cortex-m0": "m0", "cortex-m3": "m3", "cortex-m4": "m4", "cortex-m7": "m4"}
#: Cycles to refill the pipeline behind a jump, where a manual writes P.
LEAST_REFILL, MOST_REFILL = 1, 3

#: Least and most cycles of what is not 1; `N` stands for the registers of a list.
Range = tuple[int, int]
_LONG_M3 = {"smull": (3, 5), "umull": (3, 5), "smlal": (4, 7), "umlal": (4, 7), "mla": (2, 2), "mls": (2, 2)}
_DIVIDE = {"sdiv": (2, 12), "udiv": (2, 12)}
_FLOATING: dict[str, Range] = {
    **dict.fromkeys(("vmla", "vmls", "vnmla", "vnmls", "vfma", "vfms", "vfnma", "vfnms"), (3, 3)),
    **dict.fromkeys(("vdiv", "vsqrt"), (14, 14)),
}
_SYSTEM_M0 = {"mrs": (4, 4), "msr": (4, 4), "dsb": (4, 4), "dmb": (4, 4), "isb": (4, 4)}
_OTHERS: dict[str, dict[str, Range]] = {
    "m0": _SYSTEM_M0,
    "m3": {**_LONG_M3, **_DIVIDE},
    "m4": {**_DIVIDE, **_FLOATING},
}
_LIST = re.compile(r"^(ldm|stm|vldm|vstm|push|pop|vpush|vpop)")
_SINGLE = re.compile(r"^v?(ldr|str)(b|h|sb|sh|t|ex|exb|exh)?$")
_JUMP = re.compile(r"^(b|bl|bx|blx|cbz|cbnz|tbb|tbh)$")
_CONDITIONS = "eq|ne|cs|cc|mi|pl|vs|vc|hi|ls|ge|lt|gt|le|hs|lo"


@dataclass(frozen=True)
class Executed:
    """One instruction of an image, as the disassembler writes it, and how often it ran.

    Attributes:
        address: in the image.
        name, operands: for example `ldm`, `r0, {r1, r2}`.
        times: executions; `jumps` of them were followed by another instruction than the next.
    """

    address: int
    name: str
    operands: str
    times: int
    jumps: int


@dataclass(frozen=True)
class Estimate:
    """Instructions, and between how many cycles they take."""

    instructions: int
    least: int
    most: int

    @property
    def cycles(self) -> int:
        """The middle."""
        return (self.least + self.most) // 2

    @property
    def error(self) -> int:
        """How far the ends are from the middle."""
        return (self.most - self.least + 1) // 2


def estimate(core: str, executed: Iterable[Executed]) -> Estimate | None:
    """Cycles of what was executed, in the order of addresses; None for a core whose manual has no table."""
    if core not in TABLES:
        return None
    instructions = least = most = 0
    before = ""
    for instruction in executed:
        one = _cost(TABLES[core], instruction, _base(before))
        refills = instruction.jumps if TABLES[core] != "m0" else 0
        instructions += instruction.times
        least += one[0] * instruction.times + LEAST_REFILL * refills
        most += one[1] * instruction.times + MOST_REFILL * refills
        if TABLES[core] == "m0":
            extra = _jump_m0(instruction) * instruction.jumps
            least, most = least + extra, most + extra
        before = instruction.name
    return Estimate(instructions, least, most)


def _base(name: str) -> str:
    """The mnemonic without width, condition, type of a vector, and flags where they do not tell."""
    plain = name.split(".")[0]
    shorter = re.sub(rf"({_CONDITIONS})$", "", plain)
    return shorter if _JUMP.match(shorter) or _SINGLE.match(shorter) or _LIST.match(shorter) else plain


def _cost(table: str, instruction: Executed, before: str) -> Range:
    """Least and most cycles without the refill of a jump; `before`: the mnemonic at the address before."""
    name = _base(instruction.name)
    if _LIST.match(name):
        return (1 + _registers(instruction.operands),) * 2
    if name in ("ldrd", "strd"):
        return 3, 3
    if name in ("tbb", "tbh"):
        return 2, 2
    if _SINGLE.match(name):
        if table == "m0":
            return 2, 2
        # A store is buffered; a load overlaps with the load or store before it.
        overlaps = "str" in name or bool(_SINGLE.match(before))
        return (1 if overlaps else 2), 2
    if name.startswith("it") and not name.strip("ite"):
        return 0, 1  # it may be folded into its neighbour
    if name == "vmov" and instruction.operands.count(",") > 1:
        return 2, 2
    unflagged = re.sub(rf"s?({_CONDITIONS})?$", "", name)
    costs = _OTHERS[table]
    return costs.get(name) or costs.get(unflagged) or (1, 1)


def _jump_m0(instruction: Executed) -> int:
    """What a jump of the Cortex-M0 takes beyond what the same instruction takes without one."""
    name = _base(instruction.name)
    if name == "bl":
        return 3
    return 3 if _LIST.match(name) else 2


def _registers(operands: str) -> int:
    """Words in a list such as `{r4-r7, lr}` or `{d8-d13}`."""
    found = re.search(r"\{(.*?)\}", operands)
    words = 0
    for part in (found[1] if found else "").split(","):
        ends = re.findall(r"[rsd](\d+)", part)
        registers = int(ends[1]) - int(ends[0]) + 1 if len(ends) == 2 else 1
        words += registers * (2 if part.strip().startswith("d") else 1)
    return words
