"""Clerks' software: SOAP 1.1 queries through a gateway, and an exact tally of what came back."""
import dataclasses
import http.client
import itertools
import threading
import xml.etree.ElementTree as ElementTree

ENVELOPE = """<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"\
 xmlns:dan="http://dancuquocgia.bca"><soapenv:Header/><soapenv:Body><dan:{service}>\
<dan:MaYeuCau>{unit}-DEMO-{number:08d}</dan:MaYeuCau><dan:MaDVC>VPCP</dan:MaDVC>\
<dan:MaTichHop>037</dan:MaTichHop><dan:MaCanBo>000000000001</dan:MaCanBo>\
<dan:MaDonVi>{unit}</dan:MaDonVi><dan:TaiKhoan>{account}</dan:TaiKhoan>\
<dan:SoDienThoai>0000000001</dan:SoDienThoai><dan:SoDinhDanh>0000990{number:05d}</dan:SoDinhDanh>\
<dan:HoVaTen>NGUYENVANMAU</dan:HoVaTen></dan:{service}></soapenv:Body></soapenv:Envelope>"""

_numbers = itertools.count(1)


@dataclasses.dataclass
class Answer:
    status: int
    headers: dict
    body: bytes

    @property
    def allowed(self):
        return self.status == 200

    @property
    def reason(self):
        return self.headers.get("X-Chot-Reason", "")

    def fault(self):
        """(name, text) of every element of the Fault that has text, as a SOAP stack reads it."""
        root = ElementTree.fromstring(self.body)
        return [(e.tag.rsplit("}", 1)[-1], e.text.strip())
                for e in root.iter() if e.text and e.text.strip()]


class Tally:
    """What was sent and answered, by (system, account): allowed, refused, or agent down."""

    def __init__(self):
        self._lock = threading.Lock()
        self._counts = {}

    def add(self, system, account, answer):
        kind = ("allowed" if answer.allowed
                else "down" if answer.reason == "agent-down" else "denied")
        with self._lock:
            row = self._counts.setdefault((system, account), {"allowed": 0, "denied": 0, "down": 0})
            row[kind] += 1

    def sum(self, kind, system=None, account=None):
        with self._lock:
            return sum(row[kind] for (s, a), row in self._counts.items()
                       if system in (None, s) and account in (None, a))

    def by_account(self):
        with self._lock:
            return {key: dict(row) for key, row in self._counts.items()}


class Desk:
    """One workstation: a kept-open connection to its system's gateway. One thread at a time."""

    def __init__(self, agent, tally):
        self.agent, self.tally = agent, tally
        self.connection = http.client.HTTPConnection("127.0.0.1", agent.gateway_port, timeout=30)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def ask(self, account, service="TraCuuThongTinCongDan"):
        system, number = self.agent.system, next(_numbers)
        body = ENVELOPE.format(service=service, account=account, unit=system.split(".")[0],
                               number=number % 100000).encode()
        self.connection.request("POST", f"/npd/{system}", body,
                                {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'})
        response = self.connection.getresponse()
        answer = Answer(response.status, dict(response.getheaders()), response.read())
        self.tally.add(system, account, answer)
        return answer


def run_threads(jobs):
    """Runs all jobs at once and raises what any of them raised."""
    errors = []

    def guarded(job):
        try:
            job()
        except Exception as error:  # handed to the caller's thread
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(job,), daemon=True) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
