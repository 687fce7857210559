"""A person before a real Chromium: reads one JSON order a line, answers with one JSON line. Runs on a contractor PC.

Started by browser.py with HOME set to the PC's own browser home. Debian's python3-selenium and chromium-driver.
"""
from __future__ import annotations

import json
import sys
from typing import Any

from selenium import webdriver
from selenium.common.exceptions import NoSuchElementException, WebDriverException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait


def start(order: dict[str, Any]) -> webdriver.Chrome:
    options = Options()
    options.binary_location = "/usr/bin/chromium"
    for argument in ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
                     "--disable-component-update", "--disable-extensions", "--disable-dev-shm-usage", "--in-process-gpu",
                     "--disable-features=Translate,OptimizationHints,MediaRouter", f"--user-data-dir={order['profile']}",
                     f"--accept-lang={order['languages']}", "--window-size=1200,1000"):
        options.add_argument(argument)
    if order.get("proxy"):
        options.add_argument(f"--proxy-server={order['proxy']}")
    if order.get("instead"):
        rules = ", ".join(f"MAP {asked} {used}" for asked, used in order["instead"].items())
        options.add_argument(f"--host-resolver-rules={rules}")
    if order.get("user_agent"):
        options.add_argument(f"--user-agent={order['user_agent']}")
    options.add_experimental_option("excludeSwitches", ["enable-automation"])
    chromium = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    chromium.set_page_load_timeout(60)
    chromium.set_script_timeout(60)
    return chromium


WHOLE = """return document.readyState !== 'complete' || !document.body ? null :
 {url: location.href, title: document.title, text: document.body.innerText, html: document.documentElement.outerHTML}"""


def page(chromium: webdriver.Chrome) -> dict[str, Any]:
    """What stands there once the page is whole."""
    seen: dict[str, Any] = WebDriverWait(chromium, 30, ignored_exceptions=[WebDriverException]).until(
        lambda c: c.execute_script(WHOLE))
    return seen


def shown(chromium: webdriver.Chrome, at: str) -> Any:
    """The first that can be seen; waits for it."""
    return WebDriverWait(chromium, 60, ignored_exceptions=[WebDriverException]).until(
        lambda c: next((each for each in c.find_elements(By.CSS_SELECTOR, at) if each.is_displayed()), None), f"{at} is shown")


# A copy: reading the page's own canvas would put it into slow memory. null until a picture is there.
CANVAS = """const canvas = arguments[0], copy = document.createElement('canvas');
 if (canvas.width < 100) return null;
 copy.width = canvas.width; copy.height = canvas.height;
 copy.getContext('2d', {willReadFrequently: true}).drawImage(canvas, 0, 0);
 return copy.toDataURL('image/png').split(',')[1];"""


def type_keys(chromium: webdriver.Chrome, text: str, pause_s: float) -> None:
    """Into whatever has the focus; a person types no faster than this."""
    for letter in text:
        keys = ActionChains(chromium, duration=0)
        # Scan codes are passed on, so Shift has to be pressed as it is on a keyboard.
        shifted = letter.isupper() or letter in '~!@#$%^&*()_+{}|:"<>?'
        if shifted:
            keys.key_down(Keys.SHIFT)
        keys.send_keys(Keys.ENTER if letter == "\n" else letter)
        if shifted:
            keys.key_up(Keys.SHIFT)
        keys.pause(pause_s).perform()


def obey(chromium: webdriver.Chrome, order: dict[str, Any]) -> dict[str, Any]:
    what = order["do"]
    if what == "open":
        chromium.get(order["url"])
    elif what == "fill":
        box = chromium.find_element(By.CSS_SELECTOR, order["at"])
        box.clear()
        box.send_keys(order["text"])
    elif what == "click":
        pressed = chromium.find_element(By.CSS_SELECTOR, order["at"])
        leaves = pressed.tag_name in ("a", "button")  # a summary unfolds; the others ask the gate for a page
        if leaves:
            chromium.execute_script("document.documentElement.setAttribute('data-left', '')")
        pressed.click()
        if leaves:
            # Between two documents the driver has many names for "not now"; the mark alone tells which one stands.
            WebDriverWait(chromium, 60, ignored_exceptions=[WebDriverException]).until(
                lambda c: not c.execute_script("return document.documentElement.hasAttribute('data-left')"),
                "the gate's next page")
    elif what == "act":  # a press that the page answers itself, without another document
        shown(chromium, order["at"]).click()
    elif what == "keys":
        shown(chromium, order["at"]).click()
        type_keys(chromium, order["text"], order["pause"])
    elif what == "wait":
        WebDriverWait(chromium, order["within"], ignored_exceptions=[WebDriverException]).until(
            lambda c: order["text"] in c.execute_script("return document.body.innerText"), f"the page shows {order['text']!r}")
    elif what == "canvas":
        return {"value": chromium.execute_script(CANVAS, shown(chromium, order["at"]))}
    elif what == "back":
        chromium.back()
    elif what == "size":
        chromium.set_window_size(order["width"], order["height"])
    elif what == "value":
        return {"value": chromium.find_element(By.CSS_SELECTOR, order["at"]).get_attribute("value")}
    elif what == "script":
        return {"value": chromium.execute_script(order["text"])}
    elif what == "picture":
        # The whole page, not only what fits in the window.
        size = chromium.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]
        # Chromium draws no picture of a page that is longer than this: its beginning, then.
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 16_000), "scale": 1}
        shot = chromium.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True, "format": "png", "clip": clip})
        with open(order["file"] + ".b64", "w", encoding="ascii") as out:
            out.write(shot["data"])
    elif what == "axe":
        with open(order["file"], encoding="utf-8") as source:
            chromium.execute_script(source.read())
        found = chromium.execute_async_script(
            "const done = arguments[arguments.length - 1];"
            "axe.run(document, {resultTypes: ['violations', 'incomplete']}).then(done, e => done({error: String(e)}));")
        return {"value": found}
    elif what != "look":
        raise ValueError(what)
    return page(chromium)


def main() -> None:
    chromium = start(json.loads(sys.stdin.readline()))
    try:
        answer: dict[str, Any] = {"value": chromium.execute_script("return navigator.userAgent")}
        print(json.dumps(answer), flush=True)
        for line in sys.stdin:
            try:
                answer = obey(chromium, json.loads(line))
            except NoSuchElementException as gone:
                answer = {"error": f"{gone.msg}; the page: {page(chromium)['text']}"}
            except WebDriverException as broken:
                answer = {"error": broken.msg}
            print(json.dumps(answer), flush=True)
    finally:
        chromium.quit()


if __name__ == "__main__":
    main()
