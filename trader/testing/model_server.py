"""A scripted, OpenAI-compatible model server on loopback: what a model may do to its asker.

It is what a person points `llm.base_url` at to see how the engine bears a model that fails, and
what the tests drive the real client with. It decides nothing by chance or by clock.
"""

import json
import re
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec

Reply = Callable[[str], str]
"""What a model answers to a brief."""

GARBAGE = 'Sure! {"stance": LONG, conviction: very'
PLAIN = "I would wait for a pullback before I buy here."
HTML = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
DRIPS, DRIP_SECONDS = 1_000, 0.05


def agree(brief: str) -> str:
    """Answer a brief as a model would that always wants in: long, with claims that hold."""
    told = re.findall(r"^(instrument|close|rsi): (.+)$", brief, re.MULTILINE)
    found = dict(reversed(told))  # the history of a reading comes after the reading
    readings = [name for name in ("close", "rsi") if name in found]
    return json.dumps(
        {
            "symbol": json.loads(found["instrument"]),
            "claims": [{"reading": name, "value": float(found[name])} for name in readings],
            "rationale": "A scripted model agrees with everything.",
            "stance": "long",
            "conviction": 0.8,
            "levels": "percent",
            "stop": 1.0,
            "target": 3.0,
            "invalidation": 1.5,
            "horizon_candles": 30,
        }
    )


class Asked(msgspec.Struct, frozen=True):
    """A request as the server saw it."""

    mode: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def brief(self) -> str:
        """What the model was shown last."""
        return str(self.body["messages"][-1]["content"])


class Served(msgspec.Struct, frozen=True):
    """A response: status, body, and its content type."""

    status: int
    body: bytes
    kind: str = "application/json"


class ModelServer:
    """Serves one mode of `MODES` a request: `script(n)` names that of the nth, from 0 on."""

    def __init__(self, script: Callable[[int], str], reply: Reply) -> None:
        self.reply = reply
        self.script = script
        self.asked: list[Asked] = []
        self.tokens = 0
        """All that it has reported as used."""
        self.over = threading.Event()
        self._lock = threading.Lock()
        server = self

        class Handler(BaseHTTPRequestHandler):
            """One request."""

            def do_POST(self) -> None:
                """Answer as the script says."""
                server.serve(self)

            def log_message(self, *_args: Any) -> None:
                """Keep quiet."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}/v1"
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        self._thread.start()

    def serve(self, request: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        body = json.loads(request.rfile.read(int(request.headers["Content-Length"])))
        with self._lock:
            asked = Asked(self.script(len(self.asked)), dict(request.headers.items()), body)
            self.asked.append(asked)
        if asked.mode == "hang":
            self.over.wait()
        elif asked.mode == "reset":
            request.connection.close()
        elif asked.mode == "drip":
            self._drip(request)
        else:
            _write(request, self._served(asked))

    def close(self) -> None:
        """Let go of whoever still waits, and stop."""
        self.over.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def _served(self, asked: Asked) -> Served:
        if asked.mode in ERRORS:
            return ERRORS[asked.mode]
        if asked.mode == "html":
            return Served(200, HTML, "text/html")
        said = self.reply(asked.brief)
        message, finish = MODES[asked.mode](said), "length" if asked.mode == "cut" else "stop"
        used = len(asked.brief) // 4, len(said) // 4
        with self._lock:
            self.tokens += sum(used)
        choices = [{"index": 0, "message": message, "finish_reason": finish}]
        return Served(200, _completion(asked.body, choices if message else [], *used))

    def _drip(self, request: BaseHTTPRequestHandler) -> None:
        """Send a byte now and then: no read of the client's ever waits long."""
        request.send_response(200)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(DRIPS))
        request.end_headers()
        for _ in range(DRIPS):
            if self.over.wait(DRIP_SECONDS):
                return
            try:
                request.wfile.write(b" ")
                request.wfile.flush()
            except OSError:
                return  # the client has had enough


def _write(request: BaseHTTPRequestHandler, served: Served) -> None:
    try:
        request.send_response(served.status)
        request.send_header("Content-Type", served.kind)
        request.send_header("Content-Length", str(len(served.body)))
        request.end_headers()
        request.wfile.write(served.body)
    except OSError:
        request.close_connection = True  # the client did not wait


def _completion(body: dict[str, Any], choices: list[Any], asked: int, said: int) -> bytes:
    usage = {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said}
    return json.dumps(
        {
            "id": "chatcmpl-scripted",
            "object": "chat.completion",
            "created": 0,
            "model": body.get("model", "any"),
            "choices": choices,
            "usage": usage,
        }
    ).encode()


def _error(status: int, kind: str, text: str, code: str | None = None) -> Served:
    error = {"message": text, "type": kind, "param": None, "code": code}
    return Served(status, json.dumps({"error": error}).encode())


def _changed(**changes: Any) -> Callable[[str], dict[str, Any]]:
    """Return a mode that changes fields of a sound answer."""

    def change(said: str) -> dict[str, Any]:
        return _said(json.dumps({**json.loads(said), **changes}))

    return change


def _said(content: str | None, refusal: str | None = None) -> dict[str, Any]:
    return {"role": "assistant", "content": content, "refusal": refusal}


MODES: dict[str, Callable[[str], dict[str, Any]]] = {
    "ok": _said,
    "garbage": lambda _sound: _said(GARBAGE),
    "plain": lambda _sound: _said(PLAIN),
    "fenced": lambda said: _said(f"```json\n{said}\n```"),
    "wrong_enum": _changed(stance="YOLO"),
    "nan": _changed(conviction=float("nan")),
    "extra": _changed(quantity=1_000_000, leverage=125),
    "wrong_symbol": _changed(symbol="DOGE-USD"),
    "cut": lambda said: _said(said[: len(said) * 2 // 3]),
    "cut_number": lambda said: _said(said[: said.index('"stop"') + 10]),
    "empty": lambda _sound: _said(""),
    "refusal": lambda _sound: _said(None, "I cannot give financial advice."),
    "no_choices": lambda _sound: {},
}
"""What the message of a completion is, from a sound answer; empty where there is no choice."""

ERRORS: dict[str, Served] = {
    "401": _error(401, "invalid_request_error", "Incorrect API key provided", "invalid_api_key"),
    "404": _error(404, "invalid_request_error", "The model does not exist", "model_not_found"),
    "429": _error(429, "requests", "Rate limit reached", "rate_limit_exceeded"),
    "quota": _error(429, "insufficient_quota", "You exceeded your quota", "insufficient_quota"),
    "500": _error(500, "server_error", "The server had an error"),
}
"""Modes that are no completion at all."""

FAULTS = (*(mode for mode in MODES if mode != "ok"), *ERRORS, "html", "hang", "drip", "reset")
"""Every mode but `ok`."""


@contextmanager
def open_model_server(
    script: Callable[[int], str] = lambda _n: "ok", reply: Reply = agree
) -> Iterator[ModelServer]:
    """Serve until the end of the block."""
    server = ModelServer(script, reply)
    try:
        yield server
    finally:
        server.close()


def main() -> None:
    """Serve the modes that are named, by turns, until interrupted."""
    modes = sys.argv[1:] or ["ok"]
    unknown = [mode for mode in modes if mode not in ("ok", *FAULTS)]
    if unknown:
        sys.exit(f"error: {unknown[0]}: no such mode; give some of ok {' '.join(FAULTS)}")
    # A shell that starts it in the background has it ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with suppress(KeyboardInterrupt), open_model_server(lambda n: modes[n % len(modes)]) as server:
        sys.stdout.write(f"llm.base_url={server.url}\n")
        sys.stdout.flush()
        threading.Event().wait()


if __name__ == "__main__":
    main()
