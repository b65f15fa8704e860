import Domain
import Glibc
import Platform
import Wire

/// A command of staff, as the command line sends it over the admin socket.
package struct AdminRequest: Codable, Sendable {
    package var command: String
    package var options: [String: [String]]
    package var flags: [String]
    package var arguments: [String]
    package var files: [NamedFile]

    package init(
        command: String, options: [String: [String]], flags: [String], arguments: [String],
        files: [NamedFile]
    ) {
        self.command = command
        self.options = options
        self.flags = flags
        self.arguments = arguments
        self.files = files
    }

    package struct NamedFile: Codable, Sendable {
        package let name: String
        package let text: String

        package init(
            name: String, text: String
        ) {
            self.name = name
            self.text = text
        }
    }

    /// The most bytes of an option or argument, since reasons and notes stay in the audit log for ever.
    package static let textBytesMax = 4096

    package func option(_ name: String) -> String? { options[name]?.last }
    /// Throws if a text is longer. The content of files is sent in `files`, which has its own bound.
    package func checkLengths() throws {
        let texts = options.values.joined() + arguments
        guard let long = texts.first(where: { $0.utf8.count > Self.textBytesMax }) else { return }
        throw CommandFailure(
            .usage,
            "an option or argument of \(long.utf8.count) bytes; \(Self.textBytesMax) at most",
            vi: "tùy chọn hoặc tham số dài \(long.utf8.count) byte; tối đa \(Self.textBytesMax)")
    }
    /// The language of tables and stories; JSON has both.
    package var language: Language { option("lang").flatMap { Language(rawValue: $0) } ?? .en }
    var isForSpreadsheet: Bool { option("format") == "csv" }
}

/// The answer to a command: a table and the same as JSON, or plain text, with warnings if there are any.
package struct AdminAnswer: Codable, Sendable {
    package var exit: Int32 = 0
    package var error: String?
    package var text: String?
    package var warnings: [String]?
    package var columns: [String]?
    package var rows: [[String]]?
    package var json: JSONValue?

    package init(
        exit: Int32 = 0, error: String? = nil, text: String? = nil, warnings: [String]? = nil,
        columns: [String]? = nil, rows: [[String]]? = nil, json: JSONValue? = nil
    ) {
        self.exit = exit
        self.error = error
        self.text = text
        self.warnings = warnings
        self.columns = columns
        self.rows = rows
        self.json = json
    }
}

/// The local socket for central staff. Its mode is 0660, so that root and its group may connect. The kernel says who
/// asks, never the client.
package struct AdminSocket: Sendable {
    package let desk: Desk
    private let refusals = RefusalNotes()
    private let questions = QuestionPlaces()

    package init(desk: Desk) { self.desk = desk }

    package func start() throws(FileError) -> HTTPServer {
        var options = HTTPServerOptions()
        options.bodyBytesMax = 64 << 20
        options.bodiesBytesMax = 256 << 20
        // Several threads, so that a long question keeps nobody from setting a lock.
        options.threads = 4
        options.connectionsMax = 40
        // Neither half a request nor a dozen of them may keep anybody from setting a lock.
        var limits = HTTPConnectionLimits(requestMilliseconds: 20_000)
        limits.isKept = { Privilege.held(by: $0).contains(.operate) }
        options.connectionLimits = limits
        options.unixMode = 0o660
        let started = try HTTPServer(
            listen: .unix(path: desk.config.adminSocket), options: options
        ) {
            .reply(answer($0))
        }
        if let group = UserDatabase.group(named: "chot") {
            chown(desk.config.adminSocket, uid_t.max, group)
        }
        return started
    }

    private func answer(_ request: borrowing HTTPRequest) -> HTTPReply {
        var answer = AdminAnswer()
        var language = Language.en
        do {
            guard let peer = request.peer else {
                throw CommandFailure(
                    .notAllowed, "who asks is not known",
                    vi: "không biết ai yêu cầu")
            }
            guard let command = try? decodeJSON(AdminRequest.self, request.body) else {
                throw CommandFailure(
                    .usage, "the request cannot be read",
                    vi: "không đọc được yêu cầu")
            }
            language = command.language
            let isOperator = try check(command, peer)
            try command.checkLengths()
            guard isOperator || questions.take() else { throw Self.busy }
            defer { if !isOperator { questions.give() } }
            answer = try StaffCommands(
                desk: desk, who: Self.name(peer), isForSpreadsheet: command.isForSpreadsheet
            ).run(command)
        } catch let failure as CommandFailure {
            answer.exit = failure.code.rawValue
            answer.error = Wire.text(of: failure, language)
        } catch {
            answer.exit = ExitCode.failed.rawValue
            answer.error = Wire.text(of: error, language)
        }
        desk.audit.sign()
        return .json((try? encodeJSON(answer)) ?? [])
    }

    private static var busy: CommandFailure {
        CommandFailure(
            .unavailable, "too many questions are being answered; ask again in a moment",
            vi: "đang trả lời quá nhiều câu hỏi cùng lúc; hãy hỏi lại sau giây lát")
    }

    /// Throws if the privilege is missing. Returns whether an operator asks, for whom a place is kept.
    private func check(_ request: AdminRequest, _ peer: PeerCredentials) throws -> Bool {
        guard let needed = Privilege.needed(request) else {
            throw CommandFailure(
                .usage, "'\(shown(request.command))' is no command of the server",
                vi: "máy chủ không có lệnh '\(shown(request.command))'")
        }
        let held = Privilege.held(by: peer)
        guard !held.contains(needed) else { return held.contains(.operate) }
        let now = MonotonicClock.milliseconds()
        if refusals.isDue(uid: peer.uid, command: request.command, now: now) {
            try desk.store.write {
                try $0.audit(
                    Self.name(peer), "refused", request.command, "needs \(needed.rawValue)",
                    at: .now)
            }
        }
        desk.metrics.add("chot_collector_refused_total", "why=\"privilege\"")
        throw CommandFailure(
            .notAllowed,
            "\(request.command): only members of group \(needed.rawValue) may do this",
            vi: "\(request.command): cần là thành viên nhóm \(needed.rawValue)")
    }

    /// Returns `uid 0 root, login uid 1000 ngocanh`: who runs the process, and who logged in before sudo.
    private static func name(_ peer: PeerCredentials) -> String {
        func user(_ uid: uid_t) -> String {
            "\(uid) " + (UserDatabase.user(uid)?.name ?? "?")
        }
        var who = "uid \(user(peer.uid))"
        if let text = try? Files.readText("/proc/\(peer.pid)/loginuid", bytesMax: 64),
            let login = UInt32(text), login != UInt32.max
        {
            who += ", login uid \(user(login))"
        }
        return who
    }
}
