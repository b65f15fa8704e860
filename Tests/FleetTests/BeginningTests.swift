import Domain
import Glibc
import Platform
import Testing
import Wire

@testable import Fleet

/// What is refused before anything is registered or sent.
@Suite("The simulated nation, before it begins") struct BeginningTests {
    private func command(_ words: String...) throws -> ParsedCommand {
        try FleetProgram.parser.parse(words, language: "en")
    }

    private func failure(_ work: () throws -> Void) throws -> CommandFailure {
        try #require(throws: CommandFailure.self, performing: work)
    }

    private func inFolder(_ work: (String) throws -> Void) throws {
        let folder = "/tmp/chot-test-" + Digest.hex(try randomBytes(8))
        try Files.makeFolder(folder)
        defer {
            for name in Files.list(folder) { Files.remove("\(folder)/\(name)") }
            rmdir(folder)
        }
        try work(folder)
    }

    @Test("a folder that holds a fleet is not prepared again, and stays as it is")
    func preparedTwice() throws {
        try inFolder { folder in
            try FleetState.refuseAnother(in: folder)
            let member = FleetState.Member(
                id: AgentID(unchecked: "H26.sim0/1"), system: SystemCode(unchecked: "H26.sim0"),
                seed: "", epoch: 1, at: Timestamp(milliseconds: 0))
            try FleetState(collector: "C", accounts: 1, agents: [member, member], signing: [])
                .save(folder)
            let before = try Files.read("\(folder)/fleet.json")
            let refusal = try failure { try FleetState.refuseAnother(in: folder) }
            #expect(refusal.code == .badInput)
            for isVietnamese in [false, true] {
                let text = isVietnamese ? refusal.vietnamese : refusal.description
                for part in ["\(folder)/fleet.json", " 2 ", "--state", "chot-fleet run"] {
                    #expect(text.contains(part))
                }
            }
            #expect(try Files.read("\(folder)/fleet.json") == before)

            try Files.writeAtomically("\(folder)/fleet.json", "damaged")
            #expect(try failure { try FleetState.refuseAnother(in: folder) }.code == .badInput)
        }
    }

    @Test("an authority that is not there is named") func noAuthority() throws {
        let words = try command("run", "--url", "https://127.0.0.1:1", "--ca", "/nowhere/ca.pem")
        let refusal = try failure { _ = try FleetSettings(words) }
        #expect(refusal.code == .noFile && refusal.description.contains("--ca /nowhere/ca.pem"))
        #expect(refusal.vietnamese.contains("--ca /nowhere/ca.pem"))
    }

    @Test("a collector that cannot be reached is named") func unreachable() throws {
        let words = try command("run", "--socket", "/nowhere/api.sock")
        let refusal = try failure { try FleetSettings(words).reach() }
        #expect(refusal.code == .unavailable)
        #expect(refusal.description.contains("--socket /nowhere/api.sock"))
        #expect(refusal.vietnamese.contains("--socket /nowhere/api.sock"))

        let url = try command("run", "--url", "https://127.0.0.1:1", "--ca", "/dev/null")
        let other = try failure { try FleetSettings(url).reach() }
        #expect(other.code == .unavailable)
        #expect(other.description.contains("--url https://127.0.0.1:1"))
    }

    @Test("what answers must be a collector, where agents push and where they wait")
    func whoAnswers() throws {
        try inFolder { folder in
            let key = try Ed25519PrivateKey.generate()
            let keys = try JWS.sign(HeldSets(nation: nil, system: nil), typ: "any", with: key)
            let servers = try ["yes", "no"].map { name in
                try HTTPServer(listen: .unix(path: "\(folder)/\(name)")) { _ in
                    .reply(.text(name == "yes" ? keys : "hello", type: "text/plain"))
                }
            }
            defer { for server in servers { server.stop() } }
            try FleetSettings(try command("run", "--socket", "\(folder)/yes")).reach()
            let stranger = try command("run", "--socket", "\(folder)/no")
            #expect(
                try failure { try FleetSettings(stranger).reach() }.description.contains(
                    "--socket \(folder)/no is no collector"))
            let waiting = try command(
                "run", "--socket", "\(folder)/yes", "--wait-socket", "\(folder)/none", "--wait")
            let refusal = try failure { try FleetSettings(waiting).reach() }
            #expect(
                refusal.code == .unavailable
                    && refusal.description.contains("--wait-socket \(folder)/none"))
        }
    }

    @Test(
        "where the collector's configuration cannot be read, --config is named, and the file once")
    func configuration() throws {
        for words in [["--config", "/nowhere/collector.json5"], []] {
            let parsed = try FleetProgram.parser.parse(
                ["run", "--state", "/nowhere"] + words, language: "en")
            let tool = try CollectorTool(
                parsed, standardProgram: "/bin/false", standardConfig: "/nowhere/collector.json5")
            let refusal = try failure { try tool.checkConfig(parsed) }
            #expect(refusal.code == .noFile)
            for isVietnamese in [false, true] {
                let text = isVietnamese ? refusal.vietnamese : refusal.description
                #expect(text.contains("--config"))
                #expect(text.split(separator: "/nowhere/collector.json5").count == 2)
            }
        }
    }
}
