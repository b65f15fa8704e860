import Platform
import Testing

@Suite("ListenAddress")
struct ListenAddressTests {
    @Test(
        "an address is read and written back",
        arguments: [
            ("unix:/run/chot/api", "unix:/run/chot/api"),
            ("127.0.0.1:8473", "127.0.0.1:8473"),
            ("[::1]:80", "[::1]:80"),
            ("localhost:9", "127.0.0.1:9"),
        ])
    func reads(text: String, written: String) {
        #expect(ListenAddress(text)?.description == written)
    }

    @Test(
        "what is no address is refused",
        arguments: [
            "", "unix:", "unix:relative", "unix:/" + String(repeating: "x", count: 120), "8473",
            "127.0.0.1", "127.0.0.1:", "127.0.0.1:70000", "127.0.0.1:-1", "example.org:80",
            "[::1:80", "unix:/run/a\u{0}b", "127.0.0.1\u{0}x:80",
        ])
    func refuses(text: String) {
        #expect(ListenAddress(text) == nil)
    }

    @Test("what stands behind a zero byte is not overlooked")
    func zeroByte() {
        #expect(!ListenAddress.isNetwork("10.0.0.0\u{0}; evil/8"))
        #expect(ListenAddress.canonicalAddress("::1\u{0}evil") == nil)
    }
}

@Suite("ListenAddress: who answers") struct ListenAddressAnswersTests {
    @Test("tells who listens from who does not, without sending anything")
    func answers() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/socket"
        #expect(!ListenAddress.unix(path: path).answers(withinMilliseconds: 500))
        let local = try HTTPServer(listen: .unix(path: path)) { _ in .reply(.empty(204)) }
        // An address of its own: the port of a server that ended is soon another test's.
        let tcp = try HTTPServer(listen: .tcp(host: "127.63.8.3", port: 0)) { _ in
            .reply(.empty(204))
        }
        #expect(local.address.answers(withinMilliseconds: 500))
        #expect(tcp.address.answers(withinMilliseconds: 500))
        tcp.stop()
        local.stop()
        #expect(!tcp.address.answers(withinMilliseconds: 500))
    }
}
