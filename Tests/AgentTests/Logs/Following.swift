import Domain
import Glibc
import Platform
import Testing

@testable import Agent

/// A log that is written, rotated and followed by a test; the clock goes by hand.
final class Following {
    static let format = "$msec $request_id"
    let scratch: Scratch
    let path: String
    var follower: LogFollower
    var seen: [String] = []
    var cursor: LogCursor?
    var now: Int64 = 0

    init(firstLook: LogFollower.FirstLook = .beginning, bytesPerPoll: Int = 1 << 20) throws {
        scratch = try Scratch()
        path = "\(scratch.path)/npd.log"
        follower = try LogFollower(
            path: path, format: LogFormat("json"), resumingAt: nil)
        try start(at: nil, firstLook: firstLook, bytesPerPoll: bytesPerPoll)
    }

    /// As after a crash of the agent.
    func start(
        at cursor: LogCursor?, firstLook: LogFollower.FirstLook = .beginning,
        bytesPerPoll: Int = 1 << 20
    ) throws {
        let unknown = LogExpression(.constant([63]))
        follower = try LogFollower(
            path: path, format: LogFormat(Self.format), account: unknown, service: unknown,
            resumingAt: cursor, firstLook: firstLook, bytesPerPoll: bytesPerPoll,
            clock: { [unowned self] in now })
    }

    func write(_ ids: String..., to name: String = "npd.log") {
        append(ids.map { "1795482000.000 \($0)\n" }.joined(), to: name)
    }

    func append(_ text: String, to name: String = "npd.log") {
        let file = open("\(scratch.path)/\(name)", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        defer { close(file) }
        let bytes = [UInt8](text.utf8)
        _ = Glibc.write(file, bytes, bytes.count)
    }

    func move(_ name: String, _ other: String) {
        rename("\(scratch.path)/\(name)", "\(scratch.path)/\(other)")
    }

    /// As `cp npd.log npd.log.1; truncate -s 0 npd.log`.
    func copyTruncate(to name: String = "npd.log.1") throws {
        try Files.writeAtomically("\(scratch.path)/\(name)", try Files.read(path))
        truncate(path, 0)
    }

    func poll(after milliseconds: Int64 = 200) throws {
        now += milliseconds
        try follower.poll { line, cursor in
            seen.append(line.requestID)
            self.cursor = cursor
        }
    }

    /// Long enough that a renamed log is left.
    func settle() throws {
        for _ in 0..<4 { try poll(after: LogFollower.quietMilliseconds) }
    }
}
