"""Take the screenshots of the README: the report, and the runs in MLflow.

`make screenshots` runs it; it needs Chromium."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, ViewportSize, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs/images"
PORT = 5917
SIZE: ViewportSize = {"width": 1440, "height": 900}
COLORS = 64  # a palette keeps both screenshots below 300 kB together
TIMEOUT_SECONDS = 180
# MLflow's assistant opens by itself on a first visit.
RETURNING_VISITOR = "localStorage.setItem('mlflow.assistant.fab.autoOpenedOnFirstLoad_v1', 'true')"


def save(browser: Browser, address: str, name: str, text: str) -> None:
    """Save a screenshot of a page as soon as it shows a text."""
    context = browser.new_context(viewport=SIZE)
    context.add_init_script(RETURNING_VISITOR)
    page = context.new_page()
    page.goto(address)
    page.get_by_text(text, exact=True).first.wait_for(timeout=1000 * TIMEOUT_SECONDS)
    page.wait_for_timeout(2000)  # MLflow draws its charts after its words
    image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    IMAGES.mkdir(exist_ok=True)
    image.quantize(COLORS, dither=Image.Dither.NONE).save(IMAGES / f"{name}.png", optimize=True)
    context.close()


def main() -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.exit("chromium is not installed; install it (apt-get install chromium)")
    command = ["flight-delay", "ui", "--port", str(PORT)]
    with (
        subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, encoding="utf-8") as server,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        try:
            save(browser, (ROOT / "reports/index.html").as_uri(), "report", "ROC AUC")
            page = next(line for line in server.stderr or () if "runs: " in line).split("runs: ")[1].strip()
            save(browser, page, "mlflow", "backtest/log_loss")
        finally:
            browser.close()
            server.terminate()


if __name__ == "__main__":
    main()
