import Glibc
import Platform
import Testing

@Suite("DatagramSocket") struct DatagramSocketTests {
    @Test("a datagram arrives whole; without a receiver it is an error that names the socket")
    func sends() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("log")
        #expect(
            performing: { try DatagramSocket(path: path).send("x") },
            throws: { ($0 as? FileError)?.isMissing == true && "\($0)".contains(path) })
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        #expect(bound == 0)
        try DatagramSocket(path: path).send("<26>chốt")
        var buffer = [UInt8](repeating: 0, count: 100)
        let count = recv(descriptor, &buffer, 100, Int32(MSG_DONTWAIT))
        #expect(String(decoding: buffer.prefix(max(0, count)), as: UTF8.self) == "<26>chốt")
    }
}
