"""A whole recording through a real broker (mosquitto): stalls, repeats, disorder, a broker that stands still or begins
anew; the decisions are those of the same lines in a file."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from edgehar import data
from edgehar.errors import DataError
from edgehar.streaming.live import open_live
from edgehar.streaming.live.feed import line_of

pytest.importorskip("paho.mqtt")

#: Debian puts it where a user's PATH does not lead.
MOSQUITTO = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
pytestmark = pytest.mark.skipif(MOSQUITTO is None, reason="needs a broker: apt-get install mosquitto")

#: Lines in a message; messages in all, of a minute at 20 Hz.
LINES, MESSAGES = 3, 400


def wait(done, what):
    until = time.monotonic() + 60
    while not done():
        assert time.monotonic() < until, what
        time.sleep(0.02)


class Broker:
    """A process that can be stopped, and started again at the same port."""

    def __init__(self, folder, anonymous=True):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._told = folder / f"{self.port}.conf"
        self._told.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous {str(anonymous).lower()}\n"
            "log_dest stderr\nlog_type subscribe\n"
        )
        self._log = folder / f"{self.port}.log"
        self.start()

    def start(self):
        assert MOSQUITTO is not None
        with self._log.open("wb") as log:
            self.process = subprocess.Popen([MOSQUITTO, "-c", self._told], stdout=log, stderr=log)
        until = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                assert self.process.poll() is None and time.monotonic() < until, "the broker does not begin"
                time.sleep(0.02)

    def wait_for_reader(self, topic):
        wait(lambda: topic in self._log.read_text(), "nobody subscribes")

    def stop(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture
def broker(tmp_path):
    made = Broker(tmp_path)
    yield made
    made.stop()


def publisher(port):
    """A board's client, which connects again by itself and hands over each message at least once."""
    from paho.mqtt import client as paho

    client = paho.Client(paho.CallbackAPIVersion.VERSION2, reconnect_on_failure=True)
    client.reconnect_delay_set(1, 1)
    client.connect("127.0.0.1", port)
    client.loop_start()
    return client


def recorded_lines():
    """A minute of a recording at 20 Hz, and half a second that lets go what waits for stragglers."""
    even = data.resample(data.load("hapt").recordings[8], 20.0)
    count = LINES * MESSAGES
    rows = np.vstack([even.acc[:count], np.repeat(even.acc[count : count + 1], 10, axis=0)]).astype(float)
    return [line_of(step / 20, tuple(row)) for step, row in enumerate(rows)], count


def decisions_of(text):
    found = [json.loads(line) for line in text.splitlines()]
    return [row for row in found if row.get("event") != "summary"]


class Heard:
    """What a process writes, as it comes."""

    def __init__(self, stream):
        self.text = ""
        self._stream = stream
        self.thread = threading.Thread(target=self._listen, daemon=True)
        self.thread.start()

    def _listen(self):
        with self._stream:
            for line in self._stream:
                self.text += line

    def wait(self, done, what):
        wait(lambda: done(self.text), what)


def test_decisions_are_those_of_the_file(broker, tmp_path):
    lines, count = recorded_lines()
    (tmp_path / "walk.csv").write_bytes(b"time,x,y,z\n" + b"".join(lines[:count]))
    asked = [sys.executable, "-m", "edgehar", "stream"]
    options = ["--bundle", "micro", "--rate", "20", "--json"]
    file = subprocess.run(
        [*asked, str(tmp_path / "walk.csv"), "--bundle", "micro", "--json"],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    wanted = decisions_of(file.stdout)
    assert len(wanted) == (count - 80) // 20 + 1, file.stderr
    messages = [b"".join(lines[at : at + LINES]) for at in range(0, len(lines), LINES)]
    order = list(range(len(messages)))
    order[40], order[41] = 41, 40  # out of order
    order[80:80] = [79, 78]  # twice
    live = subprocess.Popen(
        [*asked, f"mqtt://127.0.0.1:{broker.port}/home/wrist", *options], stdout=-1, stderr=-1, text=True
    )
    out, said = Heard(live.stdout), Heard(live.stderr)
    board = publisher(broker.port)
    try:
        broker.wait_for_reader("home/wrist")
        for place, number in enumerate(order):
            if place in (41, 120):
                time.sleep(0.7)  # the board stalls, once between what is out of order
            if place == 160:
                broker.process.send_signal(signal.SIGSTOP)  # the broker stalls
                threading.Timer(0.7, broker.process.send_signal, [signal.SIGCONT]).start()
            if place == 240:
                out.wait(lambda text: len(decisions_of(text)) >= (240 * LINES - 100) // 20, "decisions before the end")
                broker.stop()
                said.wait(lambda text: "the broker closed the connection; connecting again" in text, "notes")
                broker.start()
                broker.wait_for_reader("home/wrist")
                wait(board.is_connected, "the board stays away")
            if place == 300:
                board.publish("home/other", b"1,2,3,4\n", qos=1)
                board.publish("home/wrist", b"", qos=1)
            content = messages[number]
            given = board.publish("home/wrist", content if place % 2 else content.strip(), qos=1)
            if place % 20 == 19:  # nothing is under way when the broker goes
                given.wait_for_publish(30)
        out.wait(lambda text: len(decisions_of(text)) >= len(wanted), "decisions")
        live.send_signal(signal.SIGINT)
        assert live.wait(60) == 130
    finally:
        board.disconnect()
        board.loop_stop()
        live.kill()
        out.thread.join()
        said.thread.join()
    assert decisions_of(out.text) == wanted
    assert f"{2 * LINES} samples came twice and 0 too late" in said.text, said.text


@pytest.mark.parametrize("waiting", [0, 3_000])
def test_it_lets_go_at_once_whatever_waits(broker, waiting):
    """Also where nobody takes what comes."""
    feed = open_live(f"mqtt://127.0.0.1:{broker.port}/x")
    if waiting:
        board = publisher(broker.port)
        for number in range(waiting):
            board.publish("x", b"%d,0,0,9.8" % number)
        time.sleep(1)
        board.disconnect()
        board.loop_stop()
        assert feed.read1().startswith(b"0,0,0,9.8\n")
    begun = time.monotonic()
    feed.__exit__()
    assert time.monotonic() - begun < 3 and not feed._thread.is_alive()


def test_a_broker_that_wants_a_name_is_one_line(tmp_path):
    broker = Broker(tmp_path, anonymous=False)
    try:
        with pytest.raises(DataError, match="the broker refuses: Not authorized"):
            open_live(f"mqtt://127.0.0.1:{broker.port}/x")
    finally:
        broker.stop()
