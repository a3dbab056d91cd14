"""The app's activity and service over stand-ins for Android: lifecycle, permissions, buttons, profile."""

from __future__ import annotations

import os
import subprocess

import pytest

from .test_app import as_lines, decisions_of, events_of, sideways

ALLOWED = ("android.permission.ACTIVITY_RECOGNITION", "android.permission.POST_NOTIFICATIONS")


@pytest.fixture(scope="session")
def device(app, classes, tmp_path_factory):
    """A device's life: lines of what happens in, what the system and the screen show out."""

    def live(lines, files=None, **properties):
        files = files or tmp_path_factory.mktemp("files")
        told = {"assets": app / "assets", "files": files, "java.library.path": app, **properties}
        options = [f"-D{key}={value}" for key, value in told.items()]
        command = ["java", *options, "-cp", os.pathsep.join(map(str, classes)), "device.DeviceKt"]
        done = subprocess.run(command, input="\n".join(lines), capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    return live


@pytest.fixture(scope="session")
def walk():
    return events_of(50, 20)


def test_from_start_to_stop(device, runtime, walk):
    """The service goes on behind the activity, and is gone after a stop with nobody bound."""
    events = as_lines(*walk)
    half = len(events) // 2
    closed = ["stop", *events[half:], "start", "look"]
    said = device(["start", "look", "press Start", *events[:half], *closed, "press Stop", events[0], "look", "stop"])
    decisions = decisions_of(runtime, *walk, 50.0)[0]
    names = [*runtime.contract.labels, "unsure"]
    shown = [names[one.label] for one in decisions]
    changes = [name for at, name in enumerate(shown) if at == 0 or name != shown[at - 1]]
    notified = [f"notified {name}" for name in changes]
    looks = [line for line in said if line.startswith("sees ")]
    rest = [line for line in said if not line.startswith(("sees ", "notified "))]
    assert rest == ["foreground health", "listens 20000", "awake", "listens not", "asleep", "background", "destroyed"]
    assert [line for line in said if line.startswith("notified ")] == notified
    assert [look.split("|")[4] for look in looks] == ["Start", "Stop", "Start"]


def test_what_a_person_refuses(device, walk):
    said = device(["start", "press Start", "look"], refused=ALLOWED[0])
    assert len(said) == 1 and "Without leave" in said[0] and "Start" in said[0]
    assert device(["start", "press Start"], refused=ALLOWED[1])[0] == "foreground health"


def test_before_android_14_and_without_a_sensor(device):
    assert device(["start", "press Start"], sdk=33)[0] == "foreground none"
    assert device(["start", "press Start"], sdk=28)[0] == "foreground none"
    said = device(["start", "press Start", "look"], bare="true")
    assert "no accelerometer" in said[-1] and "awake" not in said


def test_a_profile_outlives_the_app(device, tmp_path):
    """Learned by buttons, kept, used at the next start; a damaged one is told; forgotten by its button."""
    lines, last = ["start", "press Start"], 0
    for name, start in ((None, 0.0), ("sitting", 31.0), ("standing", 100.0)):
        ns, x = events_of(50, 12, start=start)
        lines += [f"press I am now: {name}"] * (name is not None) + as_lines(ns + last, x)
        last += int(ns[-1])
    said = device([*lines, "look", "press Learn from 2 windows", "look"], files=tmp_path)
    kept = tmp_path / "profile.ehp"
    assert "Learned, and in use." in said[-1] and kept.read_bytes()[:4] == b"EHP1"
    assert [path.name for path in tmp_path.iterdir()] == ["profile.ehp"]

    ns, x = events_of(50, 30)
    again = ["start", "press Start", *as_lines(ns, x), "look"]
    assert device(again, files=tmp_path)[-1] != device(again)[-1]
    kept.write_bytes(kept.read_bytes()[:-1] + b"\0")
    assert "damaged" in device(["start", "look"], files=tmp_path)[-1]
    said = device(["start", "press Forget what was learned", "look"], files=tmp_path)
    assert "as it ships" in said[-1] and not kept.exists()


def test_why_it_is_unsure_and_alignment(device, tmp_path):
    """Worn on its side: said on screen and in the notification, until walking aligns it; kept for the next start."""
    ns, x = events_of(50, 42, start=215.0)
    events = as_lines(ns, sideways(x))
    walking = ["press Align by walking", "look", *events[800:1300], "look"]
    said = device(["start", "press Start", *events[:800], "look", *walking], files=tmp_path)
    before, waits, after = [line.split("|") for line in said if line.startswith("sees ")]
    assert before[0] == "sees unsure" and before[1].startswith("Worn otherwise than this model was trained")
    assert "press “Align by walking”" in before[1] and before[5] == "Align by walking"
    assert waits[5] == "Stop waiting for walking" and "walk for eight seconds" in waits[3]
    assert after[0] not in ("sees unsure", "sees ") and after[1] == "" and after[5] == "Align by walking"
    assert "notified unsure: worn otherwise than trained" in said and "Aligned" in after[3]
    assert (tmp_path / "profile.ehp").read_bytes()[4] == 1  # a rotation alone

    again = device(["start", "press Start", *events[:800], "look"], files=tmp_path)[-1].split("|")
    assert again[0] not in ("sees unsure", "sees ") and again[1] == ""
    waiting = ["press Align by walking", "press Stop waiting for walking", "look"]
    said = device(["start", *waiting, "press Forget what was learned", "press Start", *events[:800], "look"], tmp_path)
    assert "not waited for" in said[0] and said[-1].startswith("sees unsure|Worn")
    assert not (tmp_path / "profile.ehp").exists()


def test_litert_shows_no_buttons_of_learning(device, runtime, tmp_path, walk):
    quantisation = runtime.contract.input_quantisation
    (tmp_path / "rows").write_bytes(bytes([128, 128, 128, 128, 127, 128]) * 40)
    told = {"litert": "true", "rows": tmp_path / "rows", "scale": quantisation.scale, "zero": quantisation.zero_point}
    said = device(["start", "press Start", *as_lines(*walk), "look"], **told)
    assert len([line for line in said if line.startswith("run ")]) > 10
    assert "Align" not in said[-1] and "I am now" not in said[-1] and "Learn" not in said[-1]
