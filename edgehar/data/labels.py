"""How the published sets' own labels are called here. Any other word is a label too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sized
from types import MappingProxyType

from edgehar.errors import DataError

#: Usual activities, in the order in which they become a model's outputs; all others follow by the alphabet.
ACTIVITIES = ("walking", "upstairs", "downstairs", "stairs", "jogging", "sitting", "standing", "laying")

#: HAPT's postural transitions, in the set's own order.
TRANSITIONS = ("stand_to_sit", "sit_to_stand", "sit_to_lie", "lie_to_sit", "stand_to_lie", "lie_to_stand")

#: What a model trained on HAPT tells apart.
HAPT_LABELS = ("walking", "upstairs", "downstairs", "sitting", "standing", "laying")

#: HAPT's own names, by its own number less one (`activity_labels.txt` of the set).
HAPT_OWN = (
    "WALKING",
    "WALKING_UPSTAIRS",
    "WALKING_DOWNSTAIRS",
    "SITTING",
    "STANDING",
    "LAYING",
    "STAND_TO_SIT",
    "SIT_TO_STAND",
    "SIT_TO_LIE",
    "LIE_TO_SIT",
    "STAND_TO_LIE",
    "LIE_TO_STAND",
)

#: selfBACK's walks by speed, which no other set tells apart.
SELFBACK_WALKS = ("walk_slow", "walk_mod", "walk_fast")

#: A column of more different words than this is of something else: measurements, dates, numbers of rows.
MOST_WORDS = 1000

#: Set -> own label -> name.
MAPPINGS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "hapt": MappingProxyType(dict(zip(HAPT_OWN, HAPT_LABELS + TRANSITIONS, strict=True))),
        "motionsense": MappingProxyType(
            {
                "wlk": "walking",
                "ups": "upstairs",
                "dws": "downstairs",
                "jog": "jogging",
                "sit": "sitting",
                "std": "standing",
            }
        ),
        "wisdm": MappingProxyType(
            {
                "Walking": "walking",
                "Upstairs": "upstairs",
                "Downstairs": "downstairs",
                "Jogging": "jogging",
                "Sitting": "sitting",
                "Standing": "standing",
                "Stairs": "stairs",
                "LyingDown": "laying",
                "A": "walking",
                "B": "jogging",
                "C": "stairs",
                "D": "sitting",
                "E": "standing",
            }
        ),
        "selfback-thigh": MappingProxyType(dict.fromkeys(SELFBACK_WALKS, "walking")),
        "selfback-wrist": MappingProxyType({**dict.fromkeys(SELFBACK_WALKS, "walking"), "lying": "laying"}),
        "difronzo": MappingProxyType({}),
        "csv": MappingProxyType({}),
    }
)


def require_few(words: Sized, what: str, option: str, where: object) -> None:
    """Raise DataError where a column of labels or people has so many different words that it can be neither."""
    if len(words) > MOST_WORDS:
        raise DataError(
            f"expected at most {MOST_WORDS} different {what} in {where}, got {len(words)}; is it the right column? "
            f"name it with {option}"
        )


def plain_name(own: str) -> str:
    """Lower case with underscores: `Walking Upstairs` gives `walking_upstairs`."""
    return "_".join(own.strip().lower().replace("-", " ").replace("_", " ").split())


def mapping_for(kind: str, own: Iterable[str], overrides: Mapping[str, str] | None = None) -> dict[str, str]:
    """Name of each of a set's own labels.

    An override wins over the set's mapping; a label that neither names keeps its own name in plain form.

    Args:
        kind: a key of `MAPPINGS`.
        own: labels as they stand in the files.
        overrides: own label -> name, compared exactly, then in plain form, in which `data check` shows them.
    """
    known = MAPPINGS.get(kind, {})
    chosen = dict(overrides or {})
    plain = {plain_name(key): name for key, name in chosen.items()}
    result = {}
    for label in own:
        override = chosen.get(label, plain.get(plain_name(label)))
        result[label] = plain_name(override) if override is not None else known.get(label, plain_name(label))
    return result


def in_vocabulary_order(names: Iterable[str]) -> tuple[str, ...]:
    """Each name once: activities first, then transitions, then all others by the alphabet."""
    present = set(names)
    known = [name for name in ACTIVITIES + TRANSITIONS if name in present]
    return tuple(known + sorted(present - set(known)))
