"""Recordings of frames: written, read and counted."""

import gzip
import os
from pathlib import Path

import pytest

from trader.model.errors import UsageError
from trader.model.market import SECOND
from trader.venues.streams.frames import (
    Frame,
    count_frames,
    open_recording,
    read_frames,
    to_line,
)


@pytest.mark.parametrize("name", ["frames.jsonl", "frames.jsonl.gz"])
def test_what_is_recorded_is_read_again(tmp_path: Path, name: str):
    """Kind, time and text, to the microsecond."""
    frames = [Frame("send", 5 * SECOND, '{"a":1}'), Frame("recv", 1_786_309_548_174_000_000, "é")]
    with open_recording(tmp_path / name) as file:
        for frame in frames:
            file.write(to_line(frame.kind, frame.ts, frame.data))

    assert [*read_frames(tmp_path / name)] == frames


def test_a_recording_is_never_overwritten(tmp_path: Path):
    """It cannot be made again."""
    (tmp_path / "x").touch()
    with pytest.raises(UsageError, match="is there already"), open_recording(tmp_path / "x"):
        pass


def test_bare_frames_are_received_ones(tmp_path: Path):
    """Without a time."""
    (tmp_path / "x").write_text('{"channel":"heartbeat"}\n\n{"channel":"status"}\n')
    assert [*read_frames(tmp_path / "x")] == [
        Frame("recv", 0, '{"channel":"heartbeat"}'),
        Frame("recv", 0, '{"channel":"status"}'),
    ]


def test_what_is_no_recording_is_one_clear_line(tmp_path: Path):
    """It names the place; so do a missing file, a pipe, and one that was cut short."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match="is no regular file"):
        [*read_frames(tmp_path / "pipe")]
    (tmp_path / "x").write_text('{"t":"recv","data":"{}"}\nnonsense\n')
    with pytest.raises(UsageError, match="line 2: is no JSON"):
        [*read_frames(tmp_path / "x")]
    with pytest.raises(UsageError, match="No such file"):
        [*read_frames(tmp_path / "y")]
    (tmp_path / "z").write_bytes(gzip.compress(b'{"t":"recv","data":"{}"}\n' * 999)[:-9])
    with pytest.raises(UsageError, match="cut short"):
        [*read_frames(tmp_path / "z")]


def test_every_frame_received_is_counted_by_what_it_is():
    """Unknown kinds and errors are counted as well, and shown."""
    frames = [
        Frame("connect", 0, ""),
        Frame("send", 0, "{}"),
        Frame("recv", 0, '{"channel":"heartbeat"}'),
        Frame("recv", 0, '{"channel":"novel"}'),
        Frame("recv", 0, "garbage"),
    ]
    count = count_frames("kraken", iter(frames), "1m")

    assert (count.received, count.sent) == (3, 1)
    assert count.kinds == {"heartbeats": 1, "faults": 2}
    assert count.faults == {"unreadable frame": 2}
    assert len(count.examples) == 2


def test_symbols_are_counted_by_the_engine_s_names(shared: Path):
    """Nobody has to name them beforehand."""
    path = shared / "data" / "ws" / "cryptofeed_BINANCE_2021-10-12.jsonl.gz"
    count = count_frames("binance", read_frames(path), "1m")

    assert count.received == 265
    assert {*count.symbols} == {"NKN-USDT", "BLZ-ETH", "LRC-BTC", "RUNE-EUR"}
    assert count.faults == {}


def test_a_stream_nobody_knows_is_refused():
    """With those that are known."""
    with pytest.raises(UsageError, match="kraken, coinbase"):
        count_frames("krakn", iter(()), "1m")
