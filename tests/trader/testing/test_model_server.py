"""The scripted model server: it does what its script says, and ends."""

import http.client
import json
import signal
import subprocess
import sys
from urllib.parse import urlsplit

import pytest

from trader.advice.answers import to_opinion
from trader.testing.model_server import ERRORS, ModelServer, agree, open_model_server

BRIEF = 'instrument: "BTC-USD"\nclose: 100\nrsi: 40\n# History\nrsi: 38 39 40\n'


def post(server: ModelServer) -> tuple[int, bytes]:
    """Ask as a client of the provider's would."""
    body = {"model": "any", "messages": [{"role": "user", "content": BRIEF}]}
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=5)
    try:
        connection.request("POST", "/v1/chat/completions", json.dumps(body))
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def test_the_script_names_what_each_request_meets() -> None:
    """In order, and what was asked is kept."""
    with open_model_server(["ok", "429"].__getitem__) as server:
        assert [post(server)[0], post(server)[0]] == [200, 429]
        assert [asked.mode for asked in server.asked] == ["ok", "429"]
        assert server.asked[0].brief == BRIEF


def test_it_reports_what_it_used() -> None:
    """The sum is at hand, to be held against a ledger."""
    with open_model_server() as server:
        usage = json.loads(post(server)[1])["usage"]

        assert usage["total_tokens"] == server.tokens > 0


@pytest.mark.parametrize("mode", sorted(ERRORS))
def test_an_error_has_the_status_of_its_name(mode: str) -> None:
    """The quota's is that of any other limit."""
    with open_model_server(lambda _n: mode) as server:
        assert post(server)[0] == int(mode if mode.isdigit() else 429)


def test_a_request_that_hangs_ends_with_the_server() -> None:
    """Nobody is left waiting."""
    with open_model_server(lambda _n: "hang") as server:
        server.over.set()
        with pytest.raises((http.client.HTTPException, OSError)):
            post(server)


def test_the_model_that_agrees_claims_what_it_was_shown() -> None:
    """The reading itself, and not its history."""
    opinion = to_opinion(agree(BRIEF))

    assert opinion.symbol == "BTC-USD"
    assert [(c.reading, c.value) for c in opinion.claims] == [("close", 100.0), ("rsi", 40.0)]


def test_it_can_be_started_by_hand() -> None:
    """It prints the setting that points the engine at it, and ends on Ctrl-C; modes are checked."""
    command = [sys.executable, "-m", "trader.testing.model_server"]
    wrong = subprocess.run([*command, "sulk"], capture_output=True, text=True, check=False)
    assert wrong.returncode == 1
    assert wrong.stderr.startswith("error: sulk: no such mode; give some of ok garbage")

    with subprocess.Popen([*command, "ok", "nan"], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline().startswith("llm.base_url=http://127.0.0.1:")
        child.send_signal(signal.SIGINT)
        assert child.wait(10) == 0
