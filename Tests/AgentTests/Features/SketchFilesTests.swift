import Domain
import Platform
import Testing

@testable import Agent

@Suite("SketchFiles") struct SketchFilesTests {
    static func sketch(_ count: Int, _ date: CalendarDate = Sample.today) -> KeptSketch {
        var sketch = SystemSketch(date: date)
        for value in 0..<count { sketch.note(subject: UInt64(value) &* 0x9E37_79B9_7F4A_7C15) }
        return KeptSketch(sketch: sketch, keyMark: 77)
    }

    @Test(
        "a sketch waits from its signature until it is sent, through restarts; a later one replaces it"
    )
    func life() throws {
        let scratch = try Scratch()
        var files = try SketchFiles(state: scratch.path)
        let hash = try files.keep(Self.sketch(3))
        #expect(
            hash == Base64URL.encode(Digest.sha256([UInt8](Self.sketch(3).sketch.text.utf8))))
        #expect(files.waiting.isEmpty, "not signed yet")
        files = try SketchFiles(state: scratch.path)
        files.assign(hash, epoch: 2, seq: 41)
        files.assign("other", epoch: 2, seq: 42)
        files = try SketchFiles(state: scratch.path)
        let waiting = try #require(files.waiting.first)
        #expect(waiting == .init(date: Sample.today, hash: hash, epoch: 2, seq: 41))
        #expect(files.read(Sample.today) == Self.sketch(3))

        let next = try files.keep(Self.sketch(5))
        #expect(files.waiting.isEmpty, "the later one holds the former")
        files.assign(next, epoch: 3, seq: 1)
        files.settle(next)
        files = try SketchFiles(state: scratch.path)
        #expect(files.waiting.isEmpty && files.read(Sample.today) == Self.sketch(5))
        #expect(Files.list("\(scratch.path)/sketches") == ["2026-11-24"])
    }

    @Test(
        "what is over and sent goes, what was never sent goes after two days, what is none at once")
    func prune() throws {
        let scratch = try Scratch()
        let files = try SketchFiles(state: scratch.path)
        let today = Sample.today
        let sent = try files.keep(Self.sketch(1, today.previous))
        files.settle(sent)
        _ = try files.keep(Self.sketch(2, today.previous.previous))
        _ = try files.keep(Self.sketch(3, today.previous.previous.previous))
        _ = try files.keep(Self.sketch(4, today))
        files.prune(today: today)
        let names = Files.list("\(scratch.path)/sketches")
        #expect(names.count == 2 && names.allSatisfy { $0.hasPrefix("2026-11-2") })
        #expect(files.read(today) != nil && files.read(today.previous) == nil)
        try Files.writeAtomically("\(scratch.path)/sketches/x.y", "?")
        try Files.writeAtomically("\(scratch.path)/sketches/2026-11-25", "4d no sketch")
        let again = try SketchFiles(state: scratch.path)
        #expect(again.read(today.next) == nil)
        #expect(!Files.exists("\(scratch.path)/sketches/x.y"))
    }
}
