"""The page in Chromium: recorded sensor events give Python's decisions, byte for byte; what is learned is kept."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest

from edgehar import cli, data
from edgehar.compile.c import write_c
from edgehar.compile.head import head_of
from edgehar.compile.read import read_network
from edgehar.personal.adaptation import adapt
from edgehar.personal.head import embed
from edgehar.personal.profile import Profile, apply_profile
from edgehar.runtimes import open_model
from edgehar.streaming import Decision, Streamer
from edgehar.streaming.resampler import resample_blocks
from edgehar.streaming.sources import Block
from edgehar.web.serve import POLICY

from .conftest import message

#: Hands events to the page as a phone's sensor does, with the times of a recording.
DISPATCH = """([events, opposite]) => {
  for (const [time, ...values] of events) {
    const [x, y, z] = values.map((one) => one === null ? null : opposite ? -one : one);
    const event = new DeviceMotionEvent("devicemotion", {accelerationIncludingGravity: {x, y, z}, interval: 16});
    Object.defineProperty(event, "timeStamp", {value: time});
    dispatchEvent(event);
  }
}"""


def events_of(rate, seconds, jitter_us=4_000, start=0):
    """Times (µs) and samples of a recording as a phone at `rate` would have delivered it, with jitter and a drift."""
    recording = data.load("hapt").recordings[8]
    rng = np.random.default_rng(5)
    count = int(seconds * rate)
    t = np.cumsum(np.full(count, 1e6 / rate * 1.01) + rng.uniform(-jitter_us, jitter_us, count) / 2).astype(np.int64)
    at = start + t / 1e6
    x = np.stack([np.interp(at, recording.t - recording.t[0], recording.acc[:, axis]) for axis in range(3)], axis=1)
    return t, x.astype(np.float32).astype(np.float64)


def as_events(t, x):
    return [[time / 1000, *row] for time, row in zip(t.tolist(), x.tolist(), strict=True)]


def decisions_of(runtime, t, x, rate, **options):
    """Python's decisions on the same events."""
    streamer, found = Streamer(runtime, hop=20, **options), []
    for block in resample_blocks([Block(x.astype(np.float32), t)], rate, 20.0):
        if block.flush is not None:
            streamer.flush(*block.flush)
        found += [one for one in streamer.push(block.x, block.t_us) if isinstance(one, Decision)]
    return found


def rows_of(decisions, labels):
    names = (*labels, "unsure")
    return [
        [str(d.t_us), names[d.label], labels[d.raw], d.reason or "", *map(str, d.p), *map(str, d.scores)]
        for d in decisions
    ]


def saved(page, button):
    with page.expect_download() as waiting:
        page.click(f"#{button}")
    return waiting.value.path().read_bytes()


def table(content):
    return list(csv.reader(io.StringIO(content.decode())))


@pytest.fixture
def runtime(bundle_of):
    opened = open_model(bundle_of("micro") / "model_int8.tflite", runtime="native-int8")
    yield opened
    opened.close()


@pytest.mark.parametrize(("rate", "opposite"), [(60, False), (50, True), (100, False)])
def test_sensor_events_decide_as_python_does(page, runtime, rate, opposite):
    """A recording with a long gap, a step back, a repeated time and a hole; the iPhone's sign."""
    seconds = 360 if rate == 60 else 60
    t, x = events_of(rate, seconds, jitter_us=6_000)
    t[rate * 20 :] += 700_000
    t[rate * 30] = t[rate * 30 - 1]
    t[rate * 40 :] -= 5_000_000
    page.select_option("#rate", str(rate))
    page.set_checked("#opposite", opposite)
    page.click("#start")
    page.evaluate(DISPATCH, [[*as_events(t, x), [t[-1] / 1000 + 1, None, None, None]], opposite])
    expected = rows_of(decisions_of(runtime, t, x, rate), runtime.contract.labels)
    assert table(saved(page, "save-decisions"))[1:] == expected
    assert len(expected) > seconds - 25 and len({row[1] for row in expected}) >= (4 if rate == 60 else 2)
    assert page.inner_text("#label") == expected[-1][1]


def test_a_recording_is_saved_replayed_and_read(page, tmp_path, runtime, capsys):
    """What the page records, `data check` reads, and a replay decides as the sensor's events did."""
    t, x = events_of(60, 40)
    assert not page.is_checked("#opposite")
    page.click("#start")
    page.click("#record")
    page.select_option("#truth", "walking")
    page.evaluate(DISPATCH, [as_events(t, x), False])
    page.click("#record")
    first = saved(page, "save-decisions")
    assert table(first)[1:] == rows_of(decisions_of(runtime, t, x, 60), runtime.contract.labels)
    (tmp_path / "mine.csv").write_bytes(saved(page, "save-recording"))
    # One person of one activity trains nothing, which is status 1; read it is.
    assert cli.main(["data", "check", str(tmp_path / "mine.csv")]) == 1
    told = capsys.readouterr().out
    assert "walking" in told and "usable: stream yes" in told and "40.0" in told
    read = data.load(str(tmp_path / "mine.csv")).recordings[0]
    np.testing.assert_allclose(read.acc, x, atol=1e-5)
    page.set_input_files("#replay", tmp_path / "mine.csv")
    message(page, "Replayed")
    again = table(saved(page, "save-decisions"))
    shift = int(t[0])
    assert [[int(row[0]) + shift, *row[1:]] for row in again[1:]] == [
        [int(row[0]), *row[1:]] for row in table(first)[1:]
    ]


def test_a_person_is_learned_by_buttons(page, runtime, bundle_of, tmp_path):
    """The profile has Python's bytes, decides from then on, outlives a reload, and goes by its button."""
    page.select_option("#rate", "60")
    page.click("#start")
    t, x = events_of(60, 30, jitter_us=0)
    page.evaluate(DISPATCH, [as_events(t, x), False])
    times, samples, shown = [t], [x], [("sitting", 31), ("standing", 100)]
    moments = []
    for name, start in shown:
        moments.append(int(times[-1][-1]))
        assert page.is_disabled("#learn")
        page.click(f"#shown button:has-text('{name}')")
        later, y = events_of(60, 10, jitter_us=0, start=start)
        times.append(later + moments[-1])
        samples.append(y)
        page.evaluate(DISPATCH, [as_events(times[-1], y), False])
    assert "2 of at most 16" in page.inner_text("#profile")
    page.click("#learn")
    profile = saved(page, "save-profile")
    block = Block(np.concatenate(samples).astype(np.float32), np.concatenate(times))
    streamed = [part for part in resample_blocks([block], 60.0, 20.0) if len(part.x)]
    at, values = (np.concatenate([getattr(part, name) for part in streamed]) for name in ("t_us", "x"))
    ends = [next(end for end in range(79, len(at), 20) if at[end] >= moment + 79 * 50_000) for moment in moments]
    path = bundle_of("micro") / "model_int8.tflite"
    network = read_network(path)
    rows = embed(path, runtime.contract, np.stack([values[end - 79 : end + 1] for end in ends]))
    labels = np.array([runtime.contract.labels.index(name) for name, _ in shown])
    made = Profile(network.sha256, None, *adapt(head_of(network), rows, labels))
    assert profile == made.to_bytes()

    page.reload()
    message(page, "is ready.")
    assert "this browser" in page.inner_text("#profile")
    page.select_option("#rate", "60")
    page.click("#start")
    page.evaluate(DISPATCH, [as_events(t, x), False])
    (tmp_path / "adapted.tflite").write_bytes(apply_profile(path.read_bytes(), network, made))
    write_c(tmp_path / "adapted.tflite", tmp_path / "c")
    adapted = open_model(tmp_path / "adapted.tflite", runtime="native-int8")
    own = rows_of(decisions_of(adapted, t, x, 60), runtime.contract.labels)
    plain = rows_of(decisions_of(runtime, t, x, 60), runtime.contract.labels)
    adapted.close()
    assert own != plain
    assert table(saved(page, "save-decisions"))[1:] == own
    page.click("#plain")
    page.click("#stop")
    page.click("#start")
    page.evaluate(DISPATCH, [as_events(t, x), False])
    assert table(saved(page, "save-decisions"))[1:] == plain
    (tmp_path / "torn.profile").write_bytes(profile[:-1] + bytes([profile[-1] ^ 1]))
    page.set_input_files("#open-profile", tmp_path / "torn.profile")
    message(page, "damaged")


def test_what_cannot_be_read_is_said(page, tmp_path):
    for name, content, words in (
        ("empty.csv", "", "expected the columns"),
        ("names.csv", "a,b,c\n1,2,3\n", "expected the columns"),
        ("time.csv", "time,x,y,z\nnow,1,2,3\n", "line 2"),
    ):
        (tmp_path / name).write_text(content)
        page.set_input_files("#replay", tmp_path / name)
        message(page, words)


def test_works_offline_after_the_first_load(page, address):
    page.evaluate(
        """() => new Promise((resume) => {
        const look = () => navigator.serviceWorker.controller ? resume() : setTimeout(look, 50);
        look(); })"""
    )
    page.context.set_offline(True)
    page.reload()
    message(page, "is ready.")


def test_small_enough_for_a_slow_connection(files):
    loaded = sum(len(content) for name, content in files.items() if name != "model0.wasm")
    assert loaded < 150_000 and sum(map(len, files.values())) < 150_000


def test_by_keyboard_and_by_screen_reader(page):
    """Every control is reached by Tab and has a name; what changes is announced; nothing scrolls sideways."""
    seen = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        seen.add(page.evaluate("document.activeElement.id || document.activeElement.name"))
    wanted = page.eval_on_selector_all(
        "button:enabled, input:enabled, select:enabled", "all => all.map((one) => one.id || one.name)"
    )
    assert set(wanted) <= seen
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll('button, input, select, meter, canvas')].filter((one) =>
        !(one.textContent.trim() || one.getAttribute('aria-label') || one.labels?.[0]?.textContent.trim()))
        .map((one) => one.outerHTML)"""
    )
    assert unnamed == []
    assert page.get_attribute("#label", "aria-live") == "polite"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    small = page.eval_on_selector_all(
        "button, select", "all => all.filter((one) => one.offsetHeight && one.offsetHeight < 44).length"
    )
    assert small == 0


def test_headers_are_strict(address):
    import urllib.error
    import urllib.request

    with urllib.request.urlopen(address) as answer:
        assert answer.headers["Content-Security-Policy"] == POLICY
        assert "unsafe-inline" not in POLICY and "'unsafe-eval'" not in POLICY
        text = answer.read().decode()
    assert "<script>" not in text and "style=" not in text and "onclick" not in text
    for path, host in (("../pyproject.toml", None), ("nothing", None), ("", "evil.example")):
        asked = urllib.request.Request(address + path, headers={} if host is None else {"Host": host})
        with pytest.raises(urllib.error.HTTPError) as error:
            urllib.request.urlopen(asked)
        assert error.value.code == (404 if host is None else 421)
        error.value.close()


def test_models_are_cards(page_model_of, files):
    told = json.loads(files["models.json"])
    assert [model["name"] for model in told["models"]] == ["micro"]
    assert "waist" in told["models"][0]["worn"] and "macro-F1" in told["models"][0]["figure"]
