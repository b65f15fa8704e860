"""The Python agent on the collector's own sockets, one kept connection each, without nginx before them."""
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
        self.reader = self.socket.makefile("rb", 1 << 20)

    def ask(self, request):
        """The answer's status and body."""
        self.socket.sendall(request)
        head = self.reader.readline()
        if not head:
            raise ConnectionError("the connection was closed in mid-work")
        size = 0
        while (line := self.reader.readline()) not in (b"\r\n", b""):
            if line.lower().startswith(b"content-length:"):
                size = int(line.split(b":")[1])
        body = self.reader.read(size)
        if len(body) < size:
            raise ConnectionError("the connection was closed in mid-work")
        return int(head.split(b" ", 2)[1]), body


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
