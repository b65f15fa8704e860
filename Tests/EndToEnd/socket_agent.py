"""The Python agent on the collector's own sockets, one kept connection each, without nginx before them."""
import re
import socket
import time

from python_agent import PythonAgent


class Line:
    """One kept connection."""

    def __init__(self, address):
        self.address = address
        self.connect()

    def connect(self):
        self.socket = socket.socket(socket.AF_UNIX if isinstance(self.address, str) else socket.AF_INET)
        self.socket.settimeout(120)
        self.socket.connect(self.address)
        self.rest = b""

    def ask(self, request):
        """The answer's status and body."""
        self.socket.sendall(request)
        data = self.rest
        while b"\r\n\r\n" not in data:
            data += self._more()
        head, data = data.split(b"\r\n\r\n", 1)
        length = re.search(rb"(?i)^content-length: *(\d+)", head, re.M)
        size = int(length[1]) if length else 0
        while len(data) < size:
            data += self._more()
        self.rest = data[size:]
        return int(head.split(b" ", 2)[1]), data[:size]

    def _more(self):
        piece = self.socket.recv(65536)
        if not piece:
            raise ConnectionError("the connection was closed in mid-work")
        return piece


def request(method, path, headers, body=b""):
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *(f"{k}: {v}" for k, v in headers.items())]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


class SocketAgent(PythonAgent):
    """Over the collector's own socket, on one kept connection, with one token: its check is no summary's cost."""

    def __init__(self, path, token, wait=None):
        """`wait`: the socket for long-polls."""
        self.line, self.wait_line = Line(path), Line(wait) if wait else None
        self.kept_token = None
        super().__init__("localhost", 0, token)

    def token(self, **claims):
        if self.kept_token is None or self.kept_token[1] < time.time():
            self.kept_token = super().token(**claims), time.time() + 40
        return self.kept_token[0]

    def request(self, method, path, body=None, headers=None, authorize=True):
        all_headers = {"Authorization": "Bearer " + self.token()} if authorize else {}
        line = self.wait_line if self.wait_line and path.startswith("/v1/lockset") else self.line
        asked = request(method, path, {**all_headers, **(headers or {})},
                        body.encode() if isinstance(body, str) else body or b"")
        try:
            status, answer = line.ask(asked)
        except OSError:
            # Idle for long, it was closed; what is sent twice is counted once.
            line.connect()
            status, answer = line.ask(asked)
        return status, {}, answer
