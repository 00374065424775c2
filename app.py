"""Start the page: `python app.py`. Also the file a Hugging Face Space runs."""

import logging
import os
import sys
import tempfile


def main() -> int:
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    # Read by Gradio when it is imported. Uploads wait in a folder of this process alone until a project has its copy.
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ.setdefault("GRADIO_TEMP_DIR", tempfile.mkdtemp(prefix="attune-"))

    from assistant.conversation import Assistant
    from assistant.page import Page
    from assistant.settings import Settings
    from finetune.errors import UserError

    try:
        settings = Settings.from_environment()
        page = Page(Assistant(settings))
        page.launch(wait=False)
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"Attune is ready at http://{settings.host}:{settings.port}\n")
    sys.stdout.flush()
    # The sentence encoder takes seconds to load: after the page is up, before the first message needs it.
    page.assistant.warm()
    page.blocks.block_thread()
    return 0


if __name__ == "__main__":
    sys.exit(main())
