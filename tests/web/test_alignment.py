"""Alignment and the reason of "unsure" on the page: Python's decisions, reasons and profiles, and in words."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from edgehar import data
from edgehar.compile.head import head_of
from edgehar.compile.read import read_network
from edgehar.front_end import from_q8, rotate, to_q8
from edgehar.models import int8_file
from edgehar.personal.adaptation import adapt
from edgehar.personal.alignment import shortest_turn, walking_gravity
from edgehar.personal.head import embed
from edgehar.personal.profile import Profile
from edgehar.streaming import Streamer
from edgehar.streaming.resampler import resample_blocks
from edgehar.streaming.sources import Block
from edgehar.web.serve import make_server
from edgehar.web.site import page_files, page_model

from .conftest import message
from .test_page import DISPATCH, as_events, decisions_of, events_of, rows_of, runtime, saved, table

__all__ = ["runtime"]
RATE = 60
#: Somebody walks from here on, seconds of the recording.
WALK = 233


def sideways(x):
    """A phone that was put in on its side."""
    return np.stack([-x[:, 1], x[:, 0], x[:, 2]], axis=1)


def at_the_models_rate(t, x):
    """Uninterrupted events as the model takes them: times, and float32 (N, 3)."""
    parts = [part for part in resample_blocks([Block(x.astype(np.float32), t)], float(RATE), 20.0) if len(part.x)]
    return np.concatenate([part.t_us for part in parts]), np.concatenate([part.x for part in parts])


def rotation_of(runtime, t, x):
    return shortest_turn(walking_gravity(at_the_models_rate(t, x)[1]), runtime.contract.walking_gravity)


def begin(page):
    page.select_option("#rate", str(RATE))
    page.click("#start")


def play(page, t, x):
    page.evaluate(DISPATCH, [as_events(t, x), False])


def by_key(page, name, key):
    """As somebody without a pointer does: the control takes the focus and the key."""
    page.focus(f"#{name}")
    page.keyboard.press(key)


@pytest.fixture(scope="module")
def walk():
    t, x = events_of(RATE, 40, jitter_us=0, start=WALK)
    return t, sideways(x)


def test_a_whole_recording_aligns_as_python_does(page, runtime, bundle_of):
    """By keyboard; a gap while waiting, a gap and a step back after it; then its rotation decides the next stream."""
    recording = data.load("hapt").recordings[8]
    t, x = events_of(RATE, int((recording.t[-1] - recording.t[0]) / 1.01) - 1, jitter_us=6_000)
    x = sideways(x)
    t[RATE * 20 :] += 700_000
    t[RATE * 280 :] += 700_000
    t[RATE * 290 :] -= 5_000_000
    x[RATE * 295] = np.nan
    assert page.inner_text("#alignment").startswith("Not aligned") and page.is_disabled("#save-profile")
    by_key(page, "align", "Space")
    assert page.get_attribute("#align", "aria-pressed") == "true"
    assert page.inner_text("#alignment") == "Waiting for eight seconds of walking …"
    begin(page)
    page.evaluate(DISPATCH, [[[ms, *(None if v != v else v for v in row)] for ms, *row in as_events(t, x)], False])
    kept = ~np.isnan(x).any(axis=1)  # the page drops an event without values
    labels = runtime.contract.labels
    expected = rows_of(decisions_of(runtime, t[kept], x[kept], RATE, align=True), labels)
    assert table(saved(page, "save-decisions"))[1:] == expected
    assert len(expected) > 300 and {row[3] for row in expected} == {"", "score", "placement"}
    plain = rows_of(decisions_of(runtime, t[kept], x[kept], RATE), labels)
    assert len([row for row in plain if row[3] == "placement"]) > 2 * len(
        [row for row in expected if row[3] == "placement"]
    )

    whole = slice(RATE * 20, RATE * 280)
    rotation = rotation_of(runtime, t[whole], x[whole])
    assert page.get_attribute("#align", "aria-pressed") == "false"
    assert page.inner_text("#alignment").startswith("Aligned: samples are turned by 9")
    assert "aligned by walking" in page.text_content("#changes")
    profile = saved(page, "save-profile")
    assert profile == Profile(read_network(bundle_of("micro") / "model_int8.tflite").sha256, rotation).to_bytes()
    for again in ("the same page", "another day"):
        if again == "another day":
            page.reload()
            message(page, "is ready.")
            assert page.inner_text("#alignment").endswith("kept in the profile.")
        else:
            page.click("#stop")
        begin(page)
        play(page, t[: RATE * 60], x[: RATE * 60])
        turned = rows_of(decisions_of(runtime, t[: RATE * 60], x[: RATE * 60], RATE, rotation=rotation), labels)
        assert table(saved(page, "save-decisions"))[1:] == turned, again
    page.click("#plain")
    assert page.inner_text("#alignment").startswith("Not aligned") and page.is_disabled("#save-profile")


def test_a_person_is_learned_on_turned_windows(page, runtime, bundle_of, walk):
    """What was shown before is forgotten with the old turn; the profile has the rotation, and Python's bytes."""
    t, x = walk
    begin(page)
    parts, moments = [(t[: RATE * 6], x[: RATE * 6])], []
    page.click("#shown button:has-text('walking')")
    play(page, *parts[0])
    assert "1 of at most 16" in page.inner_text("#profile")
    by_key(page, "align", "Enter")
    play(page, t[RATE * 6 :], x[RATE * 6 :])
    assert "forgotten" in page.inner_text("#profile")
    last = t[-1]
    everything = [(t, x)]
    for name, start in (("sitting", 31), ("standing", 100)):
        assert page.is_disabled("#learn")
        moments.append(int(last))
        page.click(f"#shown button:has-text('{name}')")
        later, y = events_of(RATE, 10, jitter_us=0, start=start)
        everything.append((later + last, sideways(y)))
        play(page, *everything[-1])
        last = everything[-1][0][-1]
    assert "2 of at most 16" in page.inner_text("#profile")
    page.click("#learn")
    profile = saved(page, "save-profile")

    all_t, all_x = (np.concatenate([part[at] for part in everything]) for at in (0, 1))
    at, values = at_the_models_rate(all_t, all_x)
    before = at_the_models_rate(t[: RATE * 6], x[: RATE * 6])[0][-1]
    pressed = int(np.searchsorted(at, before, side="right"))
    streamer = Streamer(runtime, align=True)
    events = streamer.push(values[pressed:], at[pressed:])
    [aligned] = [event.t_us for event in events if type(event).__name__ == "Flush"]
    path = bundle_of("micro") / "model_int8.tflite"
    rotation = shortest_turn(walking_gravity(values[pressed:]), runtime.contract.walking_gravity)
    turned = np.float32(from_q8(rotate(to_q8(values), rotation)))
    first = int(np.searchsorted(at, aligned)) + 79
    ends = [next(end for end in range(first, len(at), 20) if at[end] >= moment + 79 * 50_000) for moment in moments]
    network = read_network(path)
    rows = embed(path, runtime.contract, np.stack([turned[end - 79 : end + 1] for end in ends]))
    labels = np.array([runtime.contract.labels.index(name) for name in ("sitting", "standing")])
    assert profile == Profile(network.sha256, rotation, *adapt(head_of(network), rows, labels)).to_bytes()
    assert page.inner_text("#alignment").startswith("Aligned")


def test_why_it_is_unsure_is_said(page, runtime, walk):
    """In words, where a screen reader hears it, beside the label and in the list of changes; gone where it is sure."""
    t, x = walk
    begin(page)
    play(page, t[: RATE * 16], x[: RATE * 16])
    assert page.inner_text("#label") == "unsure"
    assert page.inner_text("#why") == (
        "Worn otherwise than this model was trained: choose another model, "
        "or press “Align by walking” and walk a few seconds."
    )
    for name in ("why", "alignment"):
        assert page.get_attribute(f"#{name}", "aria-live") == "polite"
        assert page.get_attribute(f"#{name}", "role") == "status"
    assert "unsure (worn otherwise than trained)" in page.text_content("#changes")
    page.click("#align")
    assert page.inner_text("#why") == "" and page.inner_text("#label") == "–"
    sure = slice(RATE * 16, RATE * 26)
    play(page, t[sure], x[sure])
    last = decisions_of(runtime, t[sure], x[sure], RATE, align=True)[-1]
    assert page.inner_text("#label") == runtime.contract.labels[last.label] and page.inner_text("#why") == ""


def test_a_weak_score_is_said(page, runtime):
    """Somebody who gets up and sits down: there are moments at which nothing is likely."""
    t, x = events_of(RATE, 120, jitter_us=0)
    found = decisions_of(runtime, t, x, RATE)
    weak = next(one for one in found if one.reason == "score")
    until = int(np.searchsorted(t, weak.t_us))
    while weak not in decisions_of(runtime, t[:until], x[:until], RATE):
        until += 1
    begin(page)
    play(page, t[:until], x[:until])
    assert page.inner_text("#why") == "No activity is likely enough."
    assert "unsure (nothing likely)" in page.text_content("#changes")


def test_waiting_can_be_given_up(page, runtime, walk):
    begin(page)
    by_key(page, "align", "Enter")
    by_key(page, "align", "Enter")
    assert page.get_attribute("#align", "aria-pressed") == "false"
    play(page, *walk)
    assert table(saved(page, "save-decisions"))[1:] == rows_of(
        decisions_of(runtime, *walk, RATE), runtime.contract.labels
    )
    assert page.is_disabled("#save-profile")


def test_a_model_with_nothing_to_align_to_says_so(browser, page_model_of):
    """The control is there and cannot be pressed; the reason stands beside it."""
    files = page_files([page_model_of("micro"), page_model(int8_file("micro-pocket"))])
    with make_server(files, "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        message(page, "micro is ready.")
        assert page.is_enabled("#align")
        page.check("#models input >> nth=1")
        message(page, "micro-pocket is ready.")
        assert page.is_disabled("#align")
        assert page.inner_text("#alignment") == "Not with micro-pocket: the front end pocket leaves no direction."
        assert page.get_attribute("#align", "aria-describedby") == "alignment"
        context.close()
        server.shutdown()
