"""Any LangChain chat model as the writer of examples: one question, one reply, and every failure in plain words."""

import os
import queue
import re
import threading
from urllib.parse import urlsplit

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage, SystemMessage

from finetune.data.synthetic import Price, Writer
from finetune.errors import UserError

REPLY_SECONDS = 300  # a model on two processor cores takes a minute or two for a page
LOOPBACK = ("localhost", "127.0.0.1", "::1")
HERE = ("langchain_ollama", "langchain_huggingface")  # packages whose models run on this machine unless told otherwise
WAIT = "What is done is kept. Wait a while, then ask me to write examples again; I go on where it stopped."
SETTING = "ATTUNE_WRITER_MODEL"


def writer_of(model: BaseChatModel, name: str, price: Price | None = None) -> Writer:
    """The model as what `finetune` asks, with the name the rows will carry."""

    def ask(system: str, user: str) -> str:
        return reply_in_time(model, name, system, user, REPLY_SECONDS)

    return Writer(name, ask, local=stays_here(model, name), price=price)


def reply_in_time(model: BaseChatModel, name: str, system: str, user: str, seconds: float) -> str:
    """The reply's text.

    It is waited for in a thread of its own: providers' own limits are long or none, and within the conversation's
    thread the reply would be taken for a part of the conversation.

    Raises:
        UserError: no reply came, with what to do about it.
    """
    answered: queue.Queue[str | Exception] = queue.Queue()

    def invoke() -> None:
        try:
            answered.put(str(model.invoke([SystemMessage(system), HumanMessage(user)]).text))
        except Exception as error:  # noqa: BLE001 - carried over to the caller; providers' errors share no base class
            answered.put(error)

    threading.Thread(target=invoke, daemon=True).start()
    try:
        got = answered.get(timeout=seconds)
    except queue.Empty:
        raise UserError(f"{name} did not answer within {seconds:.0f} seconds.", where=SETTING, action=WAIT) from None
    if isinstance(got, Exception):
        raise told(got, name) from got
    return got


def told(error: Exception, name: str) -> UserError:
    """A provider's error in the user's words. Its own are left out: they may hold a part of the key or of the text."""
    status, kind = getattr(error, "status_code", None), type(error).__name__
    if getattr(error, "code", None) == "insufficient_quota":
        return UserError(f"The credit at {name} is used up.", where=SETTING, action=f"Add credit there. {WAIT}")
    if status in (401, 403) or re.search(r"auth|permission", kind, re.I):
        return UserError(
            f"{name} does not accept the key.",
            where=SETTING,
            action="Check the provider's key in the environment and start me again; what is done is kept.",
        )
    if status == 429 or re.search(r"rate", kind, re.I):
        return UserError(f"{name} takes no more questions for now (too many in a short time).", action=WAIT)
    if status == 404:
        return UserError(
            f"There is no model {name} where I asked.",
            where=SETTING,
            action="Check the name and the address, set it anew and start me again; what is done is kept.",
        )
    if isinstance(error, OSError) or re.search(r"timeout|connect", kind, re.I):
        return UserError(f"{name} could not be reached.", action=f"Check the network and its address. {WAIT}")
    number = f" {status}" if status else ""
    return UserError(f"{name} answered with an error ({kind}{number}).", action=WAIT)


def stays_here(model: BaseChatModel, name: str) -> bool:
    """Whether what the model is asked stays on this machine; False where that is not known."""
    addresses = [
        str(address)
        for part in (model, getattr(model, "root_client", None))
        for field in ("openai_api_base", "base_url", "endpoint_url", "azure_endpoint")
        if (address := getattr(part, field, None))
    ]
    package = type(model).__module__.split(".")[0]
    if package == "langchain_ollama" and not addresses:
        addresses = [os.environ.get("OLLAMA_HOST") or LOOPBACK[0]]  # as its client reads it
    if addresses:
        # Ollama passes models of such names on to its own service.
        return all(on_this_machine(address) for address in addresses) and not name.endswith("cloud")
    inner = getattr(model, "llm", None)
    return package in HERE and not hasattr(inner, "huggingfacehub_api_token")


def on_this_machine(address: str) -> bool:
    return urlsplit(address if "//" in address else f"//{address}").hostname in LOOPBACK
