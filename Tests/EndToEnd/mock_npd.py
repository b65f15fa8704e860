"""A population database that remembers every byte it was sent and answers what it is told to."""
import socket
import socketserver
import threading

ANSWER = (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/xml\r\n"
          b"Content-Length: 2\r\n\r\nok")


class Message:
    """A request or an answer: first line, headers and body, as bytes; framing of the body taken off."""

    def __init__(self, stream):
        self.first = stream.readline().rstrip(b"\r\n")
        self.headers = []
        while line := stream.readline().rstrip(b"\r\n"):
            name, _, value = line.partition(b":")
            self.headers.append((name, value.strip(b" ")))
        self.body = self._chunks(stream) if self.all(b"Transfer-Encoding") == [b"chunked"] else \
            stream.read(int((self.all(b"Content-Length") or [b"0"])[0]))

    def all(self, name):
        return [v for n, v in self.headers if n.lower() == name.lower()]

    def without(self, *names):
        """Headers but those of one hop, of the body's framing, and these."""
        hop = {b"host", b"connection", b"content-length", b"transfer-encoding"} | {n.lower() for n in names}
        return [(n, v) for n, v in self.headers if n.lower() not in hop]

    @staticmethod
    def _chunks(stream):
        body = b""
        while size := int(stream.readline().split(b";")[0], 16):
            body += stream.read(size)
            stream.readline()
        stream.readline()
        return body


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address, daemon_threads = True, True


class MockNPD:
    """Listens until the block ends. `answer`: bytes, or None to keep the caller waiting."""

    def __init__(self, port=0):
        self.requests, self.answer, self.released = [], ANSWER, threading.Event()
        owner = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                request = Message(self.rfile)
                if not request.first:
                    return
                owner.requests.append(request)
                if owner.answer is None:
                    owner.released.wait(30)
                else:
                    self.wfile.write(owner.answer)

        self.server = Server(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def last(self):
        return self.requests[-1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()


def exchange(port, head, body):
    """Sends these bytes and reads the answer as a Message."""
    with socket.create_connection(("127.0.0.1", port), timeout=15) as line:
        line.sendall(head + body)
        with line.makefile("rb") as stream:
            return Message(stream)
