"""Log lines: format, levels, files, marks and secrets."""

import base64
import json
import logging
import stat
import time
from pathlib import Path
from urllib.parse import quote

import pytest
from loguru import logger

from trader.model.errors import UsageError
from trader.ui.log import JSON_FILE, TEXT_FILE, _LibraryHandler, log_event, open_logging

MARKET = 1_735_690_320_000_000_000
SECRET = "c4nary-v4lue/+="


def deny(symbol: str | None = "BTC-USD", market: int | None = MARKET) -> None:
    """Log an event with a field that needs quotes."""
    log_event("INFO", "risk_guard", symbol, "order_denied", market, reason="LOSS_DAY", text="a b")


def test_a_line_reads_and_greps(capsys: pytest.CaptureFixture[str]) -> None:
    """Time, level, mark, market time, actor, symbol, event and fields, in this order."""
    with open_logging("INFO", {}, None, simulated=True, secrets=[]):
        deny()

    line = capsys.readouterr().err
    clock, rest = line.split(" ", 1)
    assert len("12:00:01.250") == len(clock)
    assert rest == (
        "INFO     SIM [market 2025-01-01 00:12:00] risk_guard BTC-USD order_denied"
        ' reason=LOSS_DAY text="a b"\n'
    )


def test_a_live_line_has_no_mark_and_shows_one_time(capsys: pytest.CaptureFixture[str]) -> None:
    """Where market time is wall time it is not repeated."""
    with open_logging("INFO", {}, None, simulated=False, secrets=[]):
        deny(None, time.time_ns())

    assert capsys.readouterr().err.split(" ", 1)[1].startswith("INFO     risk_guard - order_denied")


def test_levels_are_chosen_by_actor(capsys: pytest.CaptureFixture[str]) -> None:
    """A filter opens one actor without opening the others."""
    with open_logging("INFO", {"risk_guard": "DEBUG"}, None, simulated=True, secrets=[]):
        log_event("DEBUG", "risk_guard", None, "seen", None)
        log_event("DEBUG", "validator", None, "unseen", None)
        log_event("TRACE", "risk_guard", None, "unseen", None)

    assert "risk_guard - seen" in (err := capsys.readouterr().err)
    assert "unseen" not in err


def test_the_files_hold_the_same_lines_and_are_private(tmp_path: Path) -> None:
    """The text file has the date, the JSON file one object a line; both are mode 0600."""
    with open_logging("INFO", {}, tmp_path, simulated=True, secrets=[]):
        deny()

    text = (tmp_path / TEXT_FILE).read_text()
    entry = json.loads((tmp_path / JSON_FILE).read_text())
    assert "SIM [market 2025-01-01 00:12:00] risk_guard BTC-USD order_denied" in text
    assert text.startswith(entry.pop("time")[:10])
    assert entry == {
        "level": "INFO",
        "actor": "risk_guard",
        "symbol": "BTC-USD",
        "event": "order_denied",
        "simulated": True,
        "market_time": "2025-01-01 00:12:00",
        "fields": {"reason": "LOSS_DAY", "text": "a b"},
        "trace": None,
    }
    for name in (TEXT_FILE, JSON_FILE):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_the_files_rotate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file past its size is set aside, and the oldest are removed."""
    monkeypatch.setattr("trader.ui.log._LARGEST", 100)
    with open_logging("INFO", {}, tmp_path, simulated=True, secrets=[]):
        for _ in range(20):
            deny()

    files = list(tmp_path.glob("trader.log*"))
    assert len(files) == 6
    assert {0o600} == {stat.S_IMODE(file.stat().st_mode) for file in files}


def test_a_full_disk_is_told_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What the files cannot take the terminal shows; at the end it is said how much they miss."""
    for name in (TEXT_FILE, JSON_FILE):
        (tmp_path / name).symlink_to("/dev/full")
    with open_logging("INFO", {}, tmp_path, simulated=True, secrets=[]):
        deny()
        deny()

    *lines, text, json_lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert (
        text
        == f"error: {tmp_path}/trader.log: 2 lines could not be written: No space left on device"
    )
    assert "trader.jsonl: 2 lines" in json_lines


def fail() -> None:
    """Raise with the secret in a local, an argument and a chained error."""
    password = SECRET
    cause = KeyError(f"GET /?signature={quote(SECRET, safe='')}\nINFO forged")
    cause.add_note(f"password {password}\nINFO forged")
    raise ValueError({"Authorization": base64.b64encode(f"k:{SECRET}".encode())}) from cause


def written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """Return everything that was logged anywhere."""
    files = [file.read_text() for file in sorted(tmp_path.iterdir())]
    return capsys.readouterr().err + "".join(files)


def test_no_form_of_a_secret_is_logged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Fields, events, tracebacks, chained errors, notes and library lines are all redacted."""
    with open_logging("TRACE", {}, tmp_path, simulated=True, secrets=[SECRET]):
        log_event("INFO", "venue", None, f"x{SECRET}", None, key=SECRET, all={"k": [SECRET]})
        try:
            fail()
        except ValueError as error:
            log_event("ERROR", "venue", None, "failed", None, exception=error)
            logging.getLogger("library").warning("sent %s", SECRET, exc_info=True)
            logger.bind(actor="venue", key=SECRET).exception(SECRET)

    text = written(tmp_path, capsys)
    assert text.count("Traceback (most recent call last)") == 3 * 3
    assert "ValueError" in text
    assert "c4nary" not in text
    assert base64.b64encode(SECRET.encode()).decode()[:12] not in text
    assert base64.b64encode(b"k:" + SECRET.encode()).decode()[4:16] not in text


def test_a_traceback_cannot_forge_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every line of an error's text is indented, so that no such line looks like ours."""
    with open_logging("INFO", {}, tmp_path, simulated=True, secrets=[]):
        try:
            fail()
        except ValueError as error:
            log_event("ERROR", "venue", None, "failed", None, exception=error)

    first, *rest = capsys.readouterr().err.splitlines()
    assert "venue - failed" in first
    assert all(line.startswith("    ") for line in rest)


def test_libraries_are_heard_from_warning_up(capsys: pytest.CaptureFixture[str]) -> None:
    """A library's warning becomes a line of ours; its chatter, and ccxt's headers, do not."""
    with open_logging("TRACE", {}, None, simulated=True, secrets=[]):
        logging.getLogger("pykka").warning("odd %s", "thing")
        logging.getLogger("ccxt.base.exchange").debug("headers")
        ccxt_level = logging.getLogger("ccxt.base.exchange").getEffectiveLevel()
    logging.getLogger("pykka").warning("after the end")

    err = capsys.readouterr().err
    assert 'WARNING  SIM pykka - library text="odd thing"' in err
    assert ccxt_level == logging.WARNING
    assert "headers" not in err
    assert "after" not in err


def test_a_librarys_misfit_is_logged_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    """Arguments that do not fit their message raise nothing in the library that logs them."""
    misfit = {"name": "pykka", "levelno": 35, "msg": "took %d s", "args": ("long",)}
    with open_logging("INFO", {}, None, simulated=True, secrets=[]):
        _LibraryHandler().handle(logging.makeLogRecord(misfit))

    assert 'WARNING  SIM pykka - library text="took %d s"' in capsys.readouterr().err


def test_an_adapter_logs_with_loguru_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """Bound values become the columns and the fields of an ordinary line."""
    with open_logging("INFO", {}, None, simulated=True, secrets=[]):
        logger.bind(actor="venue", symbol="BTC-USD", attempt=2).warning("reconnecting")

    assert "WARNING  SIM venue BTC-USD reconnecting attempt=2\n" in capsys.readouterr().err


def test_a_directory_that_cannot_be_written_is_a_usage_error(tmp_path: Path) -> None:
    """The error names the directory."""
    file = tmp_path / "file"
    file.touch()

    with (
        pytest.raises(UsageError, match=str(file)),
        open_logging("INFO", {}, file / "logs", simulated=True, secrets=[]),
    ):
        pass


def test_a_terminal_gets_colour_unless_it_is_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Colour needs a terminal, and NO_COLOR turns it off."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with open_logging("INFO", {}, None, simulated=True, secrets=[]):
        deny()
    monkeypatch.setenv("NO_COLOR", "1")
    with open_logging("INFO", {}, None, simulated=True, secrets=[]):
        deny()

    coloured, bare = capsys.readouterr().err.splitlines()
    assert "\x1b[" in coloured
    assert "\x1b[" not in bare
