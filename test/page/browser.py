"""A headless Chromium, driven by WebDriver: a dozen words of the protocol, spoken to chromedriver."""
import base64
import http.client
import json
import os
import re
import shutil
import subprocess
import tempfile
import time

DEADLINE = float(os.environ.get("TUTTI_DEADLINE", "60"))  # seconds a page may take to show something
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync"]
KEYS = {"Enter": "\ue007", "Escape": "\ue00c", "Tab": "\ue004", "Up": "\ue013", "Down": "\ue015", "Left": "\ue012",
        "Right": "\ue014", "Shift": "\ue008", "Space": " "}


class Refused(Exception):
    """WebDriver answered with an error."""


class Browser:
    def __init__(self, *flags, size=(1280, 800)):
        self.home = tempfile.mkdtemp(prefix="tutti-chromium-")
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE,
                                       stderr=subprocess.DEVNULL, text=True)
        for line in self.driver.stdout:
            found = re.search(r"started successfully on port (\d+)", line)
            if found:
                break
        self.port, self.session = int(found[1]), ""
        options = {"args": [*FLAGS, f"--user-data-dir={self.home}", f"--window-size={size[0]},{size[1]}", *flags]}
        wish = {"capabilities": {"alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": options,
                                                 "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}}}
        self.session = "/session/" + self.call("POST", "/session", wish)["sessionId"]

    def call(self, method, path, body=None):
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE * 2)
        text = json.dumps(body if body is not None else {}) if method == "POST" else None
        link.request(method, self.session + path, text, {"Content-Type": "application/json"})
        answer = link.getresponse()
        value = json.loads(answer.read())["value"]
        link.close()
        if answer.status != 200:
            raise Refused(value["message"].splitlines()[0])
        return value

    def open(self, url):
        self.call("POST", "/url", {"url": url})

    def run(self, script, *args):
        return self.call("POST", "/execute/sync", {"script": script, "args": list(args)})

    def wait(self, script, *args):
        """Until the script returns something true; that. None: it did not."""
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            got = self.run("return " + script, *args)
            if got:
                return got
            time.sleep(0.05)
        return None

    def find(self, css):
        return self.call("POST", "/element", {"using": "css selector", "value": css})[ELEMENT]

    def click(self, css):
        self.call("POST", f"/element/{self.find(css)}/click")

    def type(self, css, text):
        self.call("POST", f"/element/{self.find(css)}/value", {"text": text})

    def keys(self, *keys, held=None):
        """What the keyboard sends, to whatever has the focus; held: "Shift" stays down meanwhile."""
        values = [k for key in keys for k in (KEYS[key] if key in KEYS else key)]
        acts = [{"type": kind, "value": value} for value in values for kind in ("keyDown", "keyUp")]
        if held:
            acts = [{"type": "keyDown", "value": KEYS[held]}, *acts, {"type": "keyUp", "value": KEYS[held]}]
        self.call("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": acts}]})

    def text(self, css):
        return self.run("return document.querySelector(arguments[0])?.textContent ?? null", css)

    def complaints(self):
        """What the console said in anger."""
        return [e["message"] for e in self.call("POST", "/se/log", {"type": "browser"}) if e["level"] == "SEVERE"]

    def requests(self):
        """The addresses of everything the page asked the network for."""
        events = [json.loads(e["message"])["message"] for e in self.call("POST", "/se/log", {"type": "performance"})]
        return [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]

    def size(self, width, height):
        self.call("POST", "/window/rect", {"width": width, "height": height})

    def view(self, width, height, is_dark=False):
        """A window of any width, also one that no desktop would allow."""
        for cmd, params in (("Emulation.setDeviceMetricsOverride", {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}),
                            ("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme",
                                                                          "value": "dark" if is_dark else "light"}]})):
            self.call("POST", "/goog/cdp/execute", {"cmd": cmd, "params": params})

    def shot(self, path):
        with open(path, "wb") as f:
            f.write(base64.b64decode(self.call("GET", "/screenshot")))

    def close(self):
        try:
            self.call("DELETE", "")
        except (Refused, OSError):
            pass
        self.driver.terminate()
        self.driver.wait(10)
        shutil.rmtree(self.home, ignore_errors=True)
