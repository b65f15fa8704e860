"""Where notifications arrive: a webhook, a mail server and a log socket, made of the standard library."""
import email
import email.policy
import http.server
import json
import os
import socket
import socketserver
import ssl
import threading

from stage import free_port


class Sink:
    """Opens and closes at will on one address; what came is in `got`."""

    def __init__(self, tls=None):
        """tls: a folder with server.pem and server.key, read when the sink opens."""
        self.got, self.guard, self.server, self.tls = [], threading.Lock(), None, tls

    def keep(self, what):
        with self.guard:
            self.got.append(what)

    def all(self):
        with self.guard:
            return list(self.got)

    def __enter__(self):
        return self.open()

    def __exit__(self, *_):
        self.close()

    def serve(self, server):
        if self.tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(os.path.join(self.tls, "server.pem"), os.path.join(self.tls, "server.key"))
            server.socket = context.wrap_socket(server.socket, server_side=True)
        server.daemon_threads = True
        self.server = server
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def close(self):
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.server = None


class Webhook(Sink):
    """`answers`: statuses for the next requests, `drop` closes the connection after reading the body."""

    def __init__(self, tls=None):
        super().__init__(tls)
        self.port, self.answers, self.refused = free_port(), [], []
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self.port}/hook/token-in-the-path"

    def open(self):
        sink = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                letter = {"headers": dict(self.headers), "body": body, "json": json.loads(body)}
                answer = sink.answers.pop(0) if sink.answers else 204
                if answer == 204:
                    sink.keep(letter)
                else:
                    sink.refused.append(letter)
                if answer == "drop":
                    self.close_connection = True
                    return
                self.send_response(answer)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        http.server.ThreadingHTTPServer.allow_reuse_address = True
        return self.serve(http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler))

    def letters(self):
        return [letter["json"] for letter in self.all()]

    def ids(self):
        """Of the notifications, those in digests included."""
        return [i for letter in self.letters()
                for i in (letter["notifications"] if letter["event"] == "digest" else [letter["id"]])]


class Mail(Sink):
    """As much of SMTP as libcurl speaks. Messages are kept as the email package reads them."""

    def __init__(self, tls=None):
        super().__init__(tls)
        self.port = free_port()
        self.url = f"smtp{'s' if tls else ''}://127.0.0.1:{self.port}"
        self.logins = []

    def open(self):
        sink = self

        class Handler(socketserver.StreamRequestHandler):
            def say(self, text):
                self.wfile.write(text.encode() + b"\r\n")

            def handle(self):
                self.say("220 sink ESMTP")
                envelope = {"to": []}
                while True:
                    line = self.rfile.readline().decode().rstrip("\r\n")
                    word = line.split(" ")[0].upper()
                    if word == "EHLO":
                        self.say("250-sink\r\n250 AUTH PLAIN")
                    elif word == "AUTH":
                        sink.logins.append(line)
                        if line.count(" ") == 1:
                            self.say("334 ")
                            sink.logins.append(self.rfile.readline().decode().strip())
                        self.say("235 welcome")
                    elif word == "MAIL":
                        envelope["from"] = line.split("<")[1].split(">")[0]
                        self.say("250 ok")
                    elif word == "RCPT":
                        envelope["to"].append(line.split("<")[1].split(">")[0])
                        self.say("250 ok")
                    elif word == "DATA":
                        self.say("354 go on")
                        lines = []
                        while (part := self.rfile.readline()) not in (b".\r\n", b""):
                            lines.append(part[1:] if part.startswith(b"..") else part)
                        raw = b"".join(lines)
                        message = email.message_from_bytes(raw, policy=email.policy.default)
                        sink.keep({"envelope": envelope, "raw": raw, "message": message})
                        self.say("250 taken")
                    elif word == "QUIT" or not line:
                        self.say("221 bye")
                        return
                    else:
                        self.say("502 what?")

        socketserver.ThreadingTCPServer.allow_reuse_address = True
        return self.serve(socketserver.ThreadingTCPServer(("127.0.0.1", self.port), Handler))

    def ids(self):
        return [mail["message"]["X-Chot-Notification"] for mail in self.all()]


class LogSocket(Sink):
    """A datagram socket in the place of /dev/log."""

    def __init__(self, path):
        super().__init__()
        self.path = path

    def open(self):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.settimeout(0.1)
        self.running = True
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.thread.start()
        return self

    def work(self):
        while self.running:
            try:
                self.keep(self.socket.recv(65536).decode())
            except TimeoutError:
                pass

    def close(self):
        self.running = False
        self.thread.join()
        self.socket.close()
        os.unlink(self.path)
