"""What a program that queries over a common SOAP stack learns of a refusal (issue C, acceptance 5).

JAX-WS: the reference implementation as Debian packages it. Plain: zeep.
"""
import os
import subprocess
import xml.etree.ElementTree as ET

import pytest
import zeep

from country import Agent, Country, Stage, configure, post, soap, wait_for

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "soap_clients")
JARS = ("jaxws-api jaxws-rt jaxws-ri-rt-jdk9 javax.xml.soap-api saaj-impl jaxb-api jaxb-runtime jaxb-core jaxb-impl jws-api "
        "javax.activation streambuffer stax-ex stax2-api woodstox-core istack-commons-runtime metro-policy gmbal mimepull "
        "FastInfoset txw2 geronimo-annotation-1.3-spec").split()
CLASSPATH = ":".join(f"/usr/share/java/{jar}.jar" for jar in JARS)
SYSTEMS = {"H26.motcua": {}, "H29.motcua": {"gateway": {"soapFaultStatus": "verdict"}}}
FORMS = "https://mau.example/?a=1&b=<2> \"ngoặc\""  # the centre's contact, hard on an XML writer


class Clients:
    def __init__(self, stage):
        self.country = Country(stage, systems=tuple(SYSTEMS), accounts=3, agents=False,
                               config={"contact": {"vi": "Trung tâm mẫu, điện thoại 0000 — " + FORMS, "en": FORMS}})
        self.agents = {}
        for system, settings in SYSTEMS.items():
            self.country.lock(f"account=canbo2@{system}", "--for", "1h")
            agent = self.agents[system] = Agent(stage, self.country.collector, self.country.npd, system)
            configure(agent, **settings)
            agent.start()
        self.java = stage.path("java")
        subprocess.run(["ecj", "-17", "-proc:none", "-cp", CLASSPATH, "-d", self.java,
                        os.path.join(HERE, "JaxwsClient.java")], check=True)

    def jaxws(self, system, login):
        """What it prints of one query, by lines."""
        url = f"http://127.0.0.1:{self.agents[system].gateway_port}/npd/x"
        done = subprocess.run(["java", "-cp", f"{self.java}:{CLASSPATH}", "JaxwsClient", url, login],
                              capture_output=True, timeout=60)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode("utf-8").rstrip("\n").split("\n", 1)

    def plain(self, system, login):
        """The answer of one query as text, or zeep's Fault."""
        client = zeep.Client(os.path.join(HERE, "npd.wsdl"))
        url = f"http://127.0.0.1:{self.agents[system].gateway_port}/npd/x"
        with client.settings(strict=False):
            service = client.create_service("{http://dancuquocgia.bca}Binding", url)
            return service.TraCuuThongTinCongDan(MaYeuCau="MAU-1", TaiKhoan=login, SoDinhDanh="000099000001")

    def faultstring(self, system, login):
        """The Fault's text, read from the wire: what both must show."""
        _, _, body = post(self.agents[system].gateway_port, soap(login))
        return ET.fromstring(body).find(".//faultstring").text


@pytest.fixture(scope="module")
def clients():
    with Stage("chot-test-") as stage:
        yield Clients(stage)


@pytest.mark.parametrize("system", SYSTEMS)
def test_an_allowed_query_reads_the_npds_answer(clients, system):
    first, = clients.jaxws(system, "canbo1")[:1]
    assert first.startswith("answer ") and "CongdanCollection" in first
    assert "CongDan" in str(clients.plain(system, "canbo1"))


@pytest.mark.parametrize("login, code, says", [
    ("canbo2", "L", ("Tài khoản", "bị khóa", "Trung tâm mẫu, điện thoại 0000 — " + FORMS)),
    ("khongco", "R8", ("[R8] Tài khoản khongco chưa có trong danh sách đăng ký", "is not on the registered list")),
])
def test_both_show_the_message_of_a_refusal(clients, login, code, says):
    system = "H26.motcua"
    text = clients.faultstring(system, login)
    assert all(part in text for part in says), text
    fault, message = clients.jaxws(system, login)
    assert fault.startswith(f"fault soapenv:Client.{code}") and text in message
    with pytest.raises(zeep.exceptions.Fault) as refusal:
        clients.plain(system, login)
    assert refusal.value.message == text and refusal.value.code.startswith(f"soapenv:Client.{code}")
    assert refusal.value.detail.findtext(".//{urn:chot:refusal}reason") == refusal.value.code.split(".", 1)[1]


def test_with_the_verdicts_own_status_the_plain_client_still_shows_it(clients):
    text = clients.faultstring("H29.motcua", "canbo2")
    with pytest.raises(zeep.exceptions.Fault) as refusal:
        clients.plain("H29.motcua", "canbo2")
    assert refusal.value.message == text and "bị khóa" in text
    # JAX-WS reads no body but of 200, 202 and 500: the reason why 500 is the default.
    assert clients.jaxws("H29.motcua", "canbo2") == ["trouble The server sent HTTP status code 403: Forbidden"]


def test_an_agent_that_is_down_is_told_as_such(clients):
    agent = clients.agents["H26.motcua"]
    agent.process.kill9()
    with pytest.raises(zeep.exceptions.Fault) as refusal:
        clients.plain("H26.motcua", "canbo1")
    assert refusal.value.code == "soapenv:Client.agent-down" and "Điểm chốt" in refusal.value.message
    assert clients.jaxws("H26.motcua", "canbo1") == ["trouble The server sent HTTP status code 503: Service Temporarily Unavailable"]
    agent.start()
    wait_for("an answer", lambda: clients.jaxws("H26.motcua", "canbo1")[0].startswith("answer"), 10)
