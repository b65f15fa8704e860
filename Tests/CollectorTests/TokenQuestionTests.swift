import Domain
import Foundation
import Platform
import Testing
import Wire
@testable import CollectorBackups
@testable import CollectorIntake
@testable import CollectorStaff
@testable import CollectorStore
@testable import CollectorUsage
@testable import CollectorValues

@Suite("TokenQuestion: what the front is told of a refused token") struct TokenQuestionTests {
    private func header(_ reply: HTTPReply, _ name: String) -> String? {
        reply.headers.first { $0.name == name }?.value
    }

    @Test(
        "nginx understands 401 and 403 alone; the status to answer stands apart",
        arguments: [
            (401, 401, 401), (403, 403, 403), (503, 401, 503), (500, 401, 503), (429, 401, 503),
        ])
    func statuses(of problem: Int, told: Int, answered: Int) {
        let problem = HTTPProblem("x", status: problem, title: "Refused", detail: "because")
        let reply = TokenQuestion.answer(problem, .problem(problem))
        #expect(reply.status == told)
        #expect(header(reply, TokenQuestion.statusHeader) == "\(answered)")
        #expect(reply.body.isEmpty)
    }

    @Test("the whole problem and the refusal's own headers go along") func whole() throws {
        let problem = HTTPProblem(
            "clock-skew", status: 401, title: "Clock skew", detail: "correct it by server_time",
            serverTime: Timestamp(milliseconds: 1_795_000_000_000))
        var refusal = HTTPReply.problem(problem)
        refusal.headers += [("WWW-Authenticate", "Bearer"), ("Retry-After", "5")]
        let reply = TokenQuestion.answer(problem, refusal)
        #expect(header(reply, "WWW-Authenticate") == "Bearer")
        #expect(header(reply, "Retry-After") == "5")
        #expect(header(reply, "Content-Type") == nil)
        let line = try #require(header(reply, TokenQuestion.problemHeader))
        let read = try decodeJSON(HTTPProblem.self, Array(line.utf8))
        #expect(read.type == problem.type && read.detail == problem.detail)
        #expect(read.serverTime == problem.serverTime)
    }

    @Test(
        "what is no plain line, or too long, is told by its kind alone",
        arguments: [
            "đồng hồ", "a\u{7f}b", String(repeating: "x", count: TokenQuestion.bytesMax),
        ])
    func odd(detail: String) throws {
        let problem = HTTPProblem("storage", status: 503, title: "Refused", detail: detail)
        let line = TokenQuestion.line(problem, 503)
        #expect(line.utf8.count <= TokenQuestion.bytesMax)
        #expect(line.utf8.allSatisfy { (0x20...0x7E).contains($0) })
        #expect(try decodeJSON(HTTPProblem.self, Array(line.utf8)).kind == "storage")
    }

    @Test("a line break of a detail ends no header line") func lineBreaks() {
        let problem = HTTPProblem("x", status: 401, title: "a\r\nb", detail: "c\nd")
        #expect(TokenQuestion.line(problem, 401).utf8.allSatisfy { $0 >= 0x20 })
    }
}
