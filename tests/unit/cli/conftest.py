"""A hub that answers what it was told to: a real HTTP server, its JSON as the API sends it."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import pytest


class RecordedHub:
    """`answers[path] = (status, document)`; `asked` keeps `(path, query)` of every request, `sent` also what came with it."""

    def __init__(self):
        self.answers = {}
        self.asked = []
        self.sent = []
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                parts = urlsplit(self.path)
                hub.asked.append((parts.path, dict(parse_qsl(parts.query))))
                missing = (404, {"title": "Not found", "detail": f"No '{parts.path}'.", "remedy": "Ask for another."})
                status, document = hub.answers.get(parts.path, missing)
                body = document if isinstance(document, bytes) else json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_PUT(self):
                hub.sent.append(
                    (self.command, self.headers["Content-Type"], self.rfile.read(int(self.headers["Content-Length"])))
                )
                self.do_GET()

            def do_DELETE(self):
                self.do_PUT()

            def do_POST(self):
                self.do_PUT()

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def close(self):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def hub(monkeypatch):
    recorded = RecordedHub()
    monkeypatch.setenv("SEAMLINE_URL", recorded.url)
    yield recorded
    recorded.close()
