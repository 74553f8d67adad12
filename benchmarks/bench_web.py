"""The web page: what a browser must fetch, and how soon each page can be seen.

python -m benchmarks web
"""

from __future__ import annotations

import gzip
import importlib
import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, sync_playwright

from mien.live.bench.server import ServerProcess
from mien.server.pages import STATIC

PAGES = ("", "avatars", "videos", "videos/new", "training", "jobs", "settings", "live")
TRIALS = 7
PAINTED = """() => new Promise(done => {
  const seen = performance.getEntriesByName('first-contentful-paint')[0];
  if (seen) return done(seen.startTime);
  new PerformanceObserver(list => { const one = list.getEntriesByName('first-contentful-paint')[0]; if (one) done(one.startTime); })
    .observe({ type: 'paint', buffered: true });
})"""


def sizes() -> dict[str, Any]:
    """Kilobytes as they would go over a network, gzip -9."""
    files = {path.name: len(gzip.compress(path.read_bytes(), 9)) / 1000 for path in (STATIC / "assets").iterdir()}
    live = {name for name in files if re.match(r"(LivePage|sender)", name)}
    return {
        "all_kb": round(sum(files.values()), 1),
        "without_live_kb": round(sum(size for name, size in files.items() if name not in live), 1),
        "goal_without_live_kb": 350,
        "largest": dict(sorted(((name, round(size, 1)) for name, size in files.items()), key=lambda one: -one[1])[:6]),
    }


def seen_ms(browser: Browser, url: str) -> tuple[float, float]:
    """Until something is painted, and until its heading is there; a browser that was never here before."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(url, wait_until="commit")
    page.locator("h1").first.wait_for(state="attached", timeout=20_000)
    heading = page.evaluate("() => performance.now()")
    painted = page.evaluate(PAINTED)
    context.close()
    return painted, heading


def main() -> None:
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    tests = importlib.import_module("web.conftest")

    result: dict[str, Any] = {"bundle": sizes(), "goal_ms": 1000, "pages": {}}
    with ServerProcess() as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=tests.CHROMIUM, args=tests.FLAGS)
        for page in PAGES:
            found = np.array([seen_ms(browser, f"{server.url}/#/{page}") for _ in range(TRIALS)])
            names = ("first_paint_ms", "heading_ms")
            result["pages"][f"/{page}"] = {
                name: {"median": round(float(np.median(column))), "max": round(float(column.max()))}
                for name, column in zip(names, found.T, strict=True)
            }
        browser.close()
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
