"""The page of an exported Space: a chat with the merged model beside it. Copied as it is; needs nothing of Attune."""

import json
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

HERE = Path(__file__).parent
MOST_TOKENS = 300


def load() -> tuple[Any, Any]:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = str(HERE / "model")
    model = AutoModelForCausalLM.from_pretrained(folder, use_safetensors=True).eval()
    return model, AutoTokenizer.from_pretrained(folder)


def answer(model: Any, tokenizer: Any, conversation: list[dict[str, str]]) -> Iterator[str]:
    """The answer so far, growing."""
    from transformers import TextIteratorStreamer

    inputs = tokenizer.apply_chat_template(
        conversation, add_generation_prompt=True, return_tensors="pt", return_dict=True, sanitize_control_tokens=True
    )
    pieces = TextIteratorStreamer(tokenizer, skip_prompt=True, skip_special_tokens=True)
    settings = {"max_new_tokens": MOST_TOKENS, "do_sample": False, "streamer": pieces}
    Thread(target=model.generate, kwargs={**inputs, **settings}).start()
    text = ""
    for piece in pieces:
        text = (text + piece).lstrip()
        yield text


def main() -> None:
    import gradio as gr

    settings = json.loads((HERE / "settings.json").read_text(encoding="utf-8"))
    model, tokenizer = load()
    system = [{"role": "system", "content": settings["system_message"]}] if settings["system_message"] else []

    def reply(message: str, history: list[Any]) -> Iterator[str]:
        # Each question stands alone: the model was tuned on single questions and answers.
        yield from answer(model, tokenizer, [*system, {"role": "user", "content": message}])

    page = gr.ChatInterface(reply, title=settings["title"], api_visibility="private")
    page.queue(max_size=32).launch(show_error=False, allowed_paths=[], blocked_paths=[str(HERE / "model")])


if __name__ == "__main__":
    main()
