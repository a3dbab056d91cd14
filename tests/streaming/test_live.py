"""Live sources against fake peers that stall, drop, repeat, reorder and go away."""

from __future__ import annotations

import json
import math
import os
import pty
import queue
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

import edgehar
from edgehar import cli, data
from edgehar.data import DataSource
from edgehar.errors import DataError, EdgeharError
from edgehar.streaming.incoming import open_incoming
from edgehar.streaming.live import SCHEMES, open_live, scheme_of
from edgehar.streaming.live.feed import Feed, Peer, line_of
from edgehar.streaming.live.order import Order
from edgehar.streaming.live.sensorlogger import Batches
from edgehar.streaming.sources import Block
from edgehar.streaming.tcp import TcpStream

RNG = np.random.default_rng(4)
T = np.arange(300) * 0.01 + 5
X = RNG.normal(0, 3, (300, 3)).round(4) + np.array([0, 0, 9.8])


def taken(address, count, note=lambda text: None):
    """Times and samples of a source, the first so many."""
    with ExitStack() as stack:
        incoming = open_incoming(DataSource(address), None, stack, note)
        blocks, got = [], 0
        for block in incoming.blocks:
            blocks.append(block)
            got += len(block.t_us)
            if got >= count:
                break
    return np.concatenate([b.t_us for b in blocks]) / 1e6, np.concatenate([b.x for b in blocks])


def serve(handler):
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def phone(*, source="accelerometer", measuring=True, broken=()):
    """A fake phyphox whose samples appear as time goes; requests whose number is in `broken` fail."""
    state = {"measuring": measuring, "asked": 0, "until": 0, "queries": []}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            url = urllib.parse.urlsplit(self.path)
            if url.path == "/config":
                outputs = [{"x": "accX"}, {"y": "accY"}, {"z": "accZ"}, {"t": "acc_time"}]
                return self.answer({"title": "Acceleration", "inputs": [{"source": source, "outputs": outputs}]})
            if url.path == "/control":
                state["measuring"] = True
                return self.answer({"result": True})
            state["asked"] += 1
            if state["asked"] in broken:
                self.close_connection = True
                self.send_error(503)
                return None
            asked = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
            state["queries"].append(asked)
            since = asked["acc_time"]
            if state["measuring"]:
                state["until"] = min(len(T), state["until"] + 37)
            rows = slice(max(0, state["until"] - 1), state["until"])
            if since:
                rows = slice(int(np.searchsorted(T, float(since), "right")), state["until"])
            columns = {"acc_time": T[rows], "accX": X[rows, 0], "accY": X[rows, 1], "accZ": X[rows, 2][:-1]}
            if state["asked"] % 2:
                columns["accZ"] = X[rows, 2]
            held = {name: {"size": 0, "buffer": columns[name].tolist()} for name in asked}
            return self.answer({"buffer": held, "status": {"measuring": state["measuring"]}})

        def answer(self, told):
            content = json.dumps(told).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments):
            pass

    return serve(Handler), state


def test_phyphox_gives_every_sample_once_though_buffers_lag_and_requests_fail():
    server, state = phone(measuring=False, broken=(4, 5))
    notes = []
    with server:
        t, x = taken(f"phyphox://127.0.0.1:{server.server_port}", 220, notes.append)
        server.shutdown()
    assert any("started" in text for text in notes) and any("connected again" in text for text in notes)
    rows = np.searchsorted(T, t - 1e-9)
    np.testing.assert_allclose(t, T[rows], atol=1e-6)
    np.testing.assert_allclose(x, X[rows], atol=1e-5)
    assert np.array_equal(np.diff(rows), np.ones(len(rows) - 1))
    assert state["queries"][-1]["accX"].endswith("|acc_time")


def test_phyphox_without_gravity_is_refused_whatever_its_buffers_are_called():
    server, _ = phone(source="linear_acceleration")
    with server:
        with pytest.raises(DataError, match="Acceleration with g"):
            open_live(f"phyphox://127.0.0.1:{server.server_port}")
        server.shutdown()


def test_sensorserver_over_a_socket_that_breaks():
    from websockets.sync.server import serve as serve_socket

    sent = queue.Queue()
    for row in range(300):
        sent.put(row)

    def talk(connection):
        assert connection.request.path == "/sensor/connect?type=android.sensor.accelerometer"
        for count in range(1000):
            row = sent.get(timeout=5)
            told = {"accuracy": 2, "timestamp": int(T[row] * 1e9), "values": X[row].tolist()}
            connection.send("not json" if count == 7 else json.dumps(told))
            if count == 120:
                connection.close()
                return

    notes = []
    with serve_socket(talk, "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        t, x = taken(f"sensorserver://127.0.0.1:{server.socket.getsockname()[1]}", 240, notes.append)
        server.shutdown()
    assert any("connected again" in text for text in notes)
    rows = np.searchsorted(T, t - 1e-9)
    np.testing.assert_allclose(x, X[rows], atol=1e-5)


def entry(name, t, values):
    return {"name": name, "time": int(t * 1e9), "values": dict(zip("xyz", map(float, values), strict=True))}


def post(port, told):
    content = told if isinstance(told, bytes) else json.dumps(told).encode()
    asked = urllib.request.Request(f"http://127.0.0.1:{port}/data", content, {"Content-Type": "application/json"})
    return urllib.request.urlopen(asked, timeout=5).status


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_sensor_logger_posts_batches_out_of_order_and_twice():
    port = free_port()
    batches = [
        {"payload": [entry("totalAcceleration", T[i], X[i]) for i in range(k, k + 20)]} for k in range(0, 300, 20)
    ]
    order = [0, 2, 1, 1, 3, 5, 4, *range(6, 15)]
    with ExitStack() as stack:
        incoming = open_incoming(DataSource(f"sensorlogger://127.0.0.1:{port}"), None, stack)
        for number in order:
            assert post(port, batches[number]) == 200
        for bad in (b"{", b"[1]", b'{"payload": [{"name": "totalacceleration"}]}', b"[" * 5000):
            with pytest.raises(urllib.error.HTTPError) as error:
                post(port, bad)
            assert error.value.code == 400
            error.value.close()
        blocks, got = [], 0
        for block in incoming.blocks:
            blocks.append(block)
            got += len(block.t_us)
            if got > 250:
                break
        assert "20 samples came twice" in incoming.dropped
    t = np.concatenate([b.t_us for b in blocks]) / 1e6
    np.testing.assert_allclose(t, T[: len(t)], atol=1e-6)
    np.testing.assert_allclose(np.concatenate([b.x for b in blocks]), X[: len(t)], atol=1e-5)


def test_sensor_logger_adds_gravity_and_says_where_there_is_none():
    batches = Batches()
    linear = [entry("accelerometer", T[i], X[i]) for i in range(3)]
    gravity = [entry("gravity", T[i], [0, 1, 9]) for i in range(1, 4)]
    assert batches.take(json.dumps({"payload": linear}).encode()) == []
    found = batches.take(json.dumps({"payload": gravity}).encode())
    assert [round(t, 6) for t, _ in found] == [round(t, 6) for t in T[1:3]]
    np.testing.assert_allclose([values for _, values in found], X[1:3] + np.array([0, 1, 9]))
    batches = Batches()
    with pytest.raises(DataError, match="Total Acceleration"):
        for _ in range(4):
            batches.take(json.dumps({"payload": linear}).encode())


def test_datagrams_that_come_late_twice_and_never():
    port = free_port()
    lines = [line_of(t, tuple(x)) for t, x in zip(T, X, strict=True)]
    order = list(range(300))
    order[10], order[11] = 11, 10
    order[50:50] = [49, 48]
    del order[100:104]
    with ExitStack() as stack:
        incoming = open_incoming(DataSource(f"udp://127.0.0.1:{port}"), None, stack)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            for number in order:
                out.sendto(lines[number].strip(), ("127.0.0.1", port))
                time.sleep(0.0005)
        blocks, got = [], 0
        for block in incoming.blocks:
            blocks.append(block)
            got += len(block.t_us)
            if got >= 240:
                break
        assert "2 samples came twice" in incoming.dropped
    t = np.concatenate([b.t_us for b in blocks]) / 1e6
    kept = np.delete(T, range(98, 102))[: len(t)]
    np.testing.assert_allclose(t, kept, atol=1e-6)


def test_a_serial_port_begins_with_a_whole_line():
    board, end = pty.openpty()
    lines = b"".join(line_of(t, tuple(x)) for t, x in zip(T[:60], X[:60], strict=True))

    def talk():
        time.sleep(0.3)
        for start in range(5, len(lines), 100):  # the first line is torn
            os.write(board, lines[start : start + 100])

    threading.Thread(target=talk, daemon=True).start()
    with ExitStack() as stack:
        incoming = open_incoming(DataSource(f"serial://{os.ttyname(end)}@115200"), None, stack)
        blocks, got = [], 0
        for block in incoming.blocks:
            blocks.append(block)
            got += len(block.t_us)
            if got > 30:
                break
        assert incoming.bad == 0
    t = np.concatenate([b.t_us for b in blocks]) / 1e6
    np.testing.assert_allclose(t, T[1 : len(t) + 1], atol=1e-6)
    os.close(board)
    os.close(end)


class Flaky(Peer):
    """Gives a line for each connection, then breaks; the third and fourth connections fail."""

    made = 0

    def __init__(self):
        Flaky.made += 1
        if Flaky.made in (3, 4):
            raise OSError("away")
        self.left = [b"%d,0,0,9.8\n" % Flaky.made]

    def read(self):
        if not self.left:
            raise OSError("broke")
        return self.left.pop()

    def close(self):
        pass


def test_a_feed_connects_again_and_says_so():
    Flaky.made = 0
    notes = []
    with Feed(Flaky, "fake", notes.append) as feed:
        got = b""
        while got.count(b"\n") < 3:
            got += feed.read1()
    assert got == b"1,0,0,9.8\n2,0,0,9.8\n5,0,0,9.8\n" and feed.reconnections >= 2
    assert sum("connected again" in text for text in notes) >= 2


def test_a_feed_gives_up_on_a_peer_that_stays_away():
    class Once(Peer):
        made = 0

        def __init__(self):
            Once.made += 1
            if Once.made > 1:
                raise OSError("away")

        def read(self):
            raise OSError("broke")

        def close(self):
            pass

    with Feed(Once, "fake", patience_s=0.8) as feed, pytest.raises(DataError, match="it did not: away"):
        feed.read1()


@pytest.mark.parametrize("size", [1, 7, 400])
def test_order_is_restored_each_time_once(size):
    t = (T * 1e6).astype(np.int64)
    places = np.arange(300)
    for start in range(0, 280, 20):
        RNG.shuffle(places[start : start + 20])
    places = np.concatenate([places, places[-5:]])
    order = Order()
    given = [Block(X[places[i : i + size]].astype(np.float32), t[places[i : i + size]]) for i in range(0, 305, size)]
    blocks = list(order.blocks(iter(given)))
    assert np.array_equal(np.concatenate([b.t_us for b in blocks]), t)
    assert np.array_equal(np.concatenate([b.x for b in blocks]), X.astype(np.float32))
    assert (order.duplicates, order.late) == (5, 0)


def test_a_clock_that_begins_anew_is_passed_on():
    t = np.concatenate([np.arange(100), np.arange(100)]) * 50_000
    order = Order()
    blocks = list(order.blocks(iter([Block(np.zeros((200, 3), np.float32), t)])))
    assert np.array_equal(np.concatenate([b.t_us for b in blocks]), t) and not order.duplicates


@pytest.mark.parametrize("scheme", sorted(SCHEMES))
def test_addresses_that_cannot_be(scheme):
    for rest in ("", "/", "host:port:1", "[::1", "a b:99999999"):
        with pytest.raises(EdgeharError):
            open_live(f"{scheme}://{rest}").__exit__()
    assert scheme_of(f"{scheme}://x") == scheme and scheme_of("tcp://x:1") is None and scheme_of("hapt") is None


@pytest.mark.parametrize("scheme", ["phyphox", "sensorserver", "sensorlogger", "udp", "tcp"])
@pytest.mark.parametrize("rest", ["127.0.0.1:9/acc", "me@127.0.0.1:9", "127.0.0.1:9?rate=50", "127.0.0.1:9#x"])
def test_what_an_address_has_no_use_for_is_refused(scheme, rest):
    with pytest.raises(EdgeharError, match=f"expected {scheme}://"):
        TcpStream(f"tcp://{rest}") if scheme == "tcp" else open_live(f"{scheme}://{rest}")


def test_nobody_there_is_one_line(capsys, bundle_of):
    port = free_port()
    for address in (f"phyphox://127.0.0.1:{port}", f"sensorserver://127.0.0.1:{port}", "serial:///dev/none",
                    f"mqtt://127.0.0.1:{port}/x"):  # fmt: skip
        assert cli.main(["stream", address, "--bundle", str(bundle_of("micro"))]) == 2
        said = capsys.readouterr().err.strip().splitlines()
        assert len(said) == 1 and said[0].startswith("error: expected samples at"), said


def send_recording(port, seconds, rate=100.0):
    """A HAPT recording in datagrams, as a board would send it, faster than it happened."""
    recording = data.load("hapt").recordings[8]
    t = np.arange(int(seconds * rate)) / rate
    x = np.stack([np.interp(t, recording.t - recording.t[0], recording.acc[:, axis]) for axis in range(3)], axis=1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        for start in range(0, len(t), 20):
            rows = range(start, min(start + 20, len(t)))
            out.sendto(b"".join(line_of(t[row], tuple(x[row])) for row in rows), ("127.0.0.1", port))
            time.sleep(0.002)
    return t, x


def test_record_and_stream_what_a_board_sends(tmp_path, bundle_of, capsys):
    port = free_port()
    said = []

    def press():
        said.append(1)
        return ["walking"] if len(said) == 2 else []

    threading.Timer(0.4, send_recording, [port, 20]).start()
    found = edgehar.record(f"udp://127.0.0.1:{port}", tmp_path / "mine.csv", seconds=15, pressed=press)
    assert found.samples == 1500 and set(found.labels) == {"", "walking"}
    table = data.load(str(tmp_path / "mine.csv")).recordings[0]
    assert len(table.acc) == 1500 and abs(table.rate_hz - 100) < 0.01
    with pytest.raises(EdgeharError, match="nothing was overwritten"):
        edgehar.record(f"udp://127.0.0.1:{port}", tmp_path / "mine.csv", seconds=1)
    with pytest.raises(EdgeharError, match="live source"):
        edgehar.record("hapt", tmp_path / "other.csv")
    for option, value in (("label", "a=b"), ("kind", "csv"), ("subject-column", "who")):
        assert cli.main(["record", f"udp://127.0.0.1:{port}", str(tmp_path / "other.csv"), f"--{option}", value]) == 2
        assert f"--{option} is for recordings, not for a live stream" in capsys.readouterr().err


def test_other_channels_are_recorded_by_their_names_and_read_again(tmp_path, capsys):
    port, out = free_port(), str(tmp_path / "turn.csv")
    told = ["--channels", "acc,gyro.z", "--unit", "m/s^2,deg/s"]

    def send():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
            for row in range(200):
                peer.sendto(f"{row / 50},0.5,9.75,1,{row}\n".encode(), ("127.0.0.1", port))
                time.sleep(0.003)

    threading.Timer(0.4, send).start()
    assert cli.main(["record", f"udp://127.0.0.1:{port}", out, *told, "--seconds", "3"]) == 0, capsys.readouterr().err
    said = capsys.readouterr()
    assert "150 samples" in said.out and said.err.count("…") == 1, said.err
    names = ("acc.x", "acc.y", "acc.z", "gyro.z")
    again = data.load(out, options=data.CsvOptions(columns=names, channels="acc,gyro.z", unit="m/s^2,rad/s"))
    np.testing.assert_allclose(again.recordings[0].acc[[0, 90]], [[0.5, 9.75, 1, 0], [0.5, 9.75, 1, math.pi / 2]])


FULL = """
import resource, signal, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
from edgehar.cli import main
sys.exit(main(["record", "-", sys.argv[1]]))
"""


def test_a_full_disk_leaves_whole_lines_and_no_sample_no_file(tmp_path):
    lines = b"".join(line_of(t, tuple(x)) for t, x in zip(T, X, strict=True))
    for place, text in (("full.csv", lines), ("empty.csv", b"# nothing\n")):
        command = [sys.executable, "-c", FULL, str(tmp_path / place)]
        done = subprocess.run(command, input=text, capture_output=True, timeout=120)
        assert done.returncode == 2 and b"Traceback" not in done.stderr, done.stderr
    assert not (tmp_path / "empty.csv").exists()
    kept = (tmp_path / "full.csv").read_text()
    assert (
        4_900 < len(kept) <= 5_000 and kept.endswith(",\n") and all(line.count(",") == 4 for line in kept.splitlines())
    )


def test_marks_while_streaming_make_a_profile(tmp_path, bundle_of, capsys):
    """The windows that lie behind the marks, learned as `adapt` learns: the same bytes."""
    from edgehar.compile.head import head_of
    from edgehar.compile.read import read_network
    from edgehar.personal.adaptation import adapt
    from edgehar.personal.head import embed
    from edgehar.personal.profile import Profile

    recording = data.load("hapt").recordings[8]
    even = data.resample(recording, 20.0)
    lines = b"".join(
        line_of(t, tuple(x)) for t, x in zip(np.arange(1200) / 20, even.acc[:1200].astype(float), strict=True)
    )
    (tmp_path / "lines.csv").write_bytes(b"time,x,y,z\n" + lines)
    out, path = tmp_path / "me.profile", bundle_of("micro") / "model_int8.tflite"
    asked = ["stream", str(tmp_path / "lines.csv"), "--bundle", str(bundle_of("micro")), "--learn", str(out)]
    assert cli.main([*asked, "--mark", "sitting@30", "--mark", "standing@5"]) == 0
    assert "from 2 windows" in capsys.readouterr().err
    network = read_network(path)
    ends = [(5 * 20, "standing"), (30 * 20, "sitting")]
    windows = np.stack([even.acc[start : start + 80] for start, _ in ends])
    contract = edgehar.open_bundle(bundle_of("micro")).contract
    codes = np.array([contract.labels.index(label) for _, label in ends])
    fitted = adapt(head_of(network), embed(path, contract, windows), codes)
    assert out.read_bytes() == Profile(network.sha256, None, *fitted).to_bytes()
    out.unlink()
    for marks, words in (
        (["--mark", "sitting@30"], "two activities"),
        (["--mark", "flying@1"], "expected a label"),
        (["--mark", "sitting"], "LABEL@SECONDS"),
    ):
        assert cli.main([*asked, *marks]) == 2
        assert words in capsys.readouterr().err and not out.exists()


PRESSED = """
import time
from edgehar.cli.keys import Keys
with Keys(["walking", "sitting"], "") as keys:
    print("ready", flush=True)
    found, until = [], time.monotonic() + 20
    while len(found) < 4 and time.monotonic() < until:
        found += keys.pressed()
        time.sleep(0.01)
    print("got", *found, "end", flush=True)
"""


def test_keys_of_a_terminal_become_labels():
    """A process with a terminal of its own: what is typed there is what was done."""
    child, terminal = pty.fork()
    if child == 0:  # pragma: no cover (another process)
        os.execv(sys.executable, [sys.executable, "-c", PRESSED])
    said = b""
    while b"ready" not in said:
        said += os.read(terminal, 1000)
    os.write(terminal, b"1x2921")
    while b"end" not in said:
        said += os.read(terminal, 1000)
    os.waitpid(child, 0)
    os.close(terminal)
    assert b"keys: 1 walking, 2 sitting" in said and b"got walking sitting sitting walking end" in said
