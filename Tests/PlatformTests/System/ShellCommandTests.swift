import Glibc
import Platform
import Testing

@Suite("ShellCommand", .timeLimit(.minutes(1))) struct ShellCommandTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func run(
        _ line: String, input: [UInt8] = [], environment: [String: String] = [:],
        millisecondsMax: Int64 = 20_000
    ) async throws -> ShellCommand.Outcome {
        var command = ShellCommand(line)
        command.millisecondsMax = millisecondsMax
        let ready = command
        return try await onOwnThread { ready.run(input: input, environment: environment) }
    }

    @Test("input and environment arrive as they are, whatever a shell would make of them")
    func arrives() async throws {
        let evil = "$(touch \(folder.file("pwned"))) `id` \"; rm -rf / '"
        let input = Array(String(repeating: "dữ liệu ", count: 20_000).utf8)
        let outcome = try await run(
            "cat > \(folder.file("in")); printf %s \"$CHOT_X\" > \(folder.file("env"))",
            input: input, environment: ["CHOT_X": evil])
        #expect(outcome == .ended(status: 0))
        #expect(try Files.read(folder.file("in")) == input)
        #expect(try Files.readText(folder.file("env")) == evil)
        #expect(!Files.exists(folder.file("pwned")))
    }

    @Test("a command that reads nothing of a large input does not hang")
    func unread() async throws {
        let input = [UInt8](repeating: 65, count: 1 << 20)
        #expect(try await run("exit 3", input: input) == .ended(status: 3))
    }

    @Test("a command that takes too long is killed, its children too")
    func endless() async throws {
        let start = MonotonicClock.milliseconds()
        #expect(try await run("sleep 50; sleep 50", millisecondsMax: 200) == .tookTooLong)
        #expect(MonotonicClock.milliseconds() - start < 10_000)
    }
}
