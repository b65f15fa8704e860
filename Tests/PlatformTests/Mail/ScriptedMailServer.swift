import Glibc
import Platform
import Synchronization

/// One SMTP conversation without TLS on loopback, for a test to look at.
final class ScriptedMailServer: Sendable {
    let url: String
    private let lines = Mutex<[String]>([])
    private let ended = WakeEvent()

    /// `recipient`: what it says to RCPT.
    init(recipient: String) {
        let listening = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var count = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = bind(listening, $0, count)
                _ = listen(listening, 1)
                _ = getsockname(listening, $0, &count)
            }
        }
        url = "smtp://127.0.0.1:\(UInt16(bigEndian: address.sin_port))"
        _ = RunningThread(name: "test-smtp") { [self] in
            let client = accept(listening, nil, nil)
            talk(client, recipient)
            close(client)
            close(listening)
            ended.signal()
        }
    }

    /// What the client said, once it has hung up.
    func said() async -> [String] {
        await withCheckedContinuation { continuation in
            _ = RunningThread(name: "test-smtp-end") { [self] in
                ended.wait(milliseconds: 10_000)
                continuation.resume()
            }
        }
        return lines.withLock { $0 }
    }

    private func talk(_ client: Int32, _ recipient: String) {
        say(client, "220 test")
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while recv(client, &byte, 1, 0) == 1 {
            if byte != 10 {
                line.append(byte)
                continue
            }
            let text = String(decoding: line.filter { $0 != 13 }, as: UTF8.self)
            line = []
            lines.withLock { $0.append(text) }
            switch text.prefix(4) {
            case "EHLO": say(client, "250-test\r\n250 AUTH PLAIN")
            case "RCPT": say(client, recipient)
            case "QUIT":
                say(client, "221 bye")
                return
            default: say(client, "250 ok")
            }
        }
    }

    private func say(_ client: Int32, _ text: String) {
        let bytes = Array((text + "\r\n").utf8)
        _ = send(client, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }
}
