"""Asking a publisher's machine for a text: https alone, one request at a time, with limits on time and size."""

import http.client
import queue
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import IO, TypeVar
from urllib.parse import urlsplit

USER_AGENT = "Attune/0.1 (checks whether cited rules have changed; one request at a time)"
SECONDS_OF_SILENCE = 10.0  # between two parts of an answer
SECONDS_A_REQUEST = 30.0  # a server that sends a byte now and then keeps no one longer
MOST_BYTES = 8 * 2**20
PIECE = 64 * 2**10
LOOPBACK = frozenset(["127.0.0.1", "::1", "localhost"])
GONE = (404, 410)
SILENT_ANSWERS = 2  # as many time-outs in a row, and a host is not asked again in this run
T = TypeVar("T")


class NoAnswer(Exception):
    """A request brought nothing that can be used. The message says why, for the user; the run goes on."""


class NotThere(NoAnswer):
    """The publisher answered that there is no such text."""


class Silence(NoAnswer):
    """The host did not answer in time."""


class NoHost(NoAnswer):
    """The host cannot be reached at all: no network, no such name, nothing listens."""


class NoTime(NoAnswer):
    """The run's own time is up."""

    def __init__(self) -> None:
        super().__init__("there was no time left to look")


def allowed(address: str) -> bool:
    """Whether an address may be asked: https, or a server on this machine (a mirror, a test)."""
    parts = urlsplit(address)
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK))


class Reader:
    """What one run reads: each address once, good or bad, and no host again that does not answer."""

    def __init__(self, seconds: float | None = None) -> None:
        """`seconds` is the time the whole run has; None is no limit."""
        self._until = None if seconds is None else time.monotonic() + seconds
        self._answers: dict[tuple[str, str], bytes | NoAnswer] = {}
        self._silent: dict[str, int] = {}  # time-outs in a row, by host
        self._given_up: dict[str, NoAnswer] = {}

    def get(self, address: str, accept: str) -> bytes:
        """The whole body of an answer.

        Raises:
            NoAnswer: there is none that can be used; the message says why.
        """
        key = (address, accept)
        if key not in self._answers:
            try:
                self._answers[key] = self._ask(address, accept)
            except NoTime:
                raise
            except NoAnswer as error:
                self._answers[key] = error
        answer = self._answers[key]
        if isinstance(answer, NoAnswer):
            raise answer
        return answer

    def _ask(self, address: str, accept: str) -> bytes:
        host = urlsplit(address).netloc
        if host in self._given_up:
            raise self._given_up[host]
        seconds = SECONDS_A_REQUEST
        if self._until is not None:
            seconds = min(seconds, self._until - time.monotonic())
        if seconds <= 0:
            raise NoTime
        try:
            body = within(seconds, lambda: fetch(address, accept))
        except Silence as error:
            if self._until is not None and time.monotonic() >= self._until:
                raise NoTime from None
            self._silent[host] = self._silent.get(host, 0) + 1
            if self._silent[host] >= SILENT_ANSWERS:
                self._given_up[host] = error
            raise
        except NoHost as error:
            self._given_up[host] = error
            raise
        self._silent[host] = 0
        return body


def within(seconds: float, work: Callable[[], T]) -> T:
    """The result of `work`, or Silence once `seconds` are over.

    In a thread that is left behind then: looking up a name and reading headers have no time-out of their own.
    """
    box: queue.SimpleQueue[tuple[T | None, Exception | None]] = queue.SimpleQueue()

    def carry() -> None:
        try:
            box.put((work(), None))
        except Exception as error:  # noqa: BLE001 - carried over to the caller, whatever it is
            box.put((None, error))

    threading.Thread(target=carry, daemon=True).start()
    try:
        value, error = box.get(timeout=seconds)
    except queue.Empty:
        raise Silence(f"no whole answer within {seconds:.0f} seconds") from None
    if error is not None:
        raise error
    return value  # type: ignore[return-value]  # no error: the value of `work`


def fetch(address: str, accept: str) -> bytes:
    """One request; the foreign errors end here.

    Raises:
        NoAnswer: and its kinds.
    """
    if not allowed(address):
        raise NoAnswer(f"{address} is neither https nor on this machine")
    handlers: list[urllib.request.BaseHandler] = [_SameHost()]
    if urlsplit(address).hostname in LOOPBACK:
        handlers.append(urllib.request.ProxyHandler({}))
    headers = {
        "User-Agent": USER_AGENT, "Accept": accept, "Accept-Language": "eng", "Accept-Encoding": "identity",
    }  # fmt: skip
    try:
        request = urllib.request.Request(address, headers=headers)
        with urllib.request.build_opener(*handlers).open(request, timeout=SECONDS_OF_SILENCE) as response:
            return _whole_body(response)
    except urllib.error.HTTPError as error:
        error.close()
        kind = NotThere if error.code in GONE else NoAnswer
        raise kind(f"the source answered {error.code} {error.reason}") from error
    except TimeoutError as error:
        raise Silence(f"no answer within {SECONDS_OF_SILENCE:.0f} seconds") from error
    except urllib.error.URLError as error:
        if isinstance(error.reason, TimeoutError):
            raise Silence(f"no answer within {SECONDS_OF_SILENCE:.0f} seconds") from error
        raise NoHost(f"no connection to {urlsplit(address).netloc} ({_reason(error.reason)})") from error
    except (http.client.HTTPException, OSError, ValueError) as error:
        raise NoAnswer(f"the answer broke off or made no sense ({_reason(error)})") from error


def _whole_body(response: http.client.HTTPResponse) -> bytes:
    if response.status != 200:  # 202 is how a publisher's gate asks for a browser
        raise NoAnswer(f"the source answered {response.status} {response.reason}")
    if (coding := response.headers.get("Content-Encoding", "identity")) != "identity":
        raise NoAnswer(f"the answer came packed ({coding}), which was not asked for")
    told = response.headers.get("Content-Length", "")
    if told.isdecimal() and int(told) > MOST_BYTES:
        raise NoAnswer(f"the answer has more than {MOST_BYTES // 2**20} MB")
    body = bytearray()
    while piece := response.read1(PIECE):
        body += piece
        if len(body) > MOST_BYTES:
            raise NoAnswer(f"the answer has more than {MOST_BYTES // 2**20} MB")
    if told.isdecimal() and len(body) != int(told):
        raise NoAnswer(f"only {len(body):,} of {int(told):,} bytes came")
    return bytes(body)


class _SameHost(urllib.request.HTTPRedirectHandler):
    """Follows a redirect on the same host only, and by the same scheme: Cellar names its documents with http."""

    max_redirections = 5

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        old, new = urlsplit(req.full_url), urlsplit(newurl)
        if new.hostname != old.hostname or new.port not in (old.port, 80, 443):
            fp.close()
            raise NoAnswer(f"the source sends on to another host, {new.netloc}")
        address = new._replace(scheme=old.scheme, netloc=old.netloc).geturl()
        return super().redirect_request(req, fp, code, msg, headers, address)


def _reason(error: object) -> str:
    return str(getattr(error, "strerror", None) or error or type(error).__name__)
