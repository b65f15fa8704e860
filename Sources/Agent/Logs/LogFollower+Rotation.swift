import Platform

extension LogFollower {
    /// Finds the file of the cursor under whatever name it bears now, or begins.
    func openFirst() {
        let present: LogFile?
        do {
            present = try LogFile(path)
            notes.setTrouble(nil)
        } catch {
            if !error.isMissing { notes.setTrouble("\(error)") }
            notes.setMissing(error.isMissing, path)
            present = nil
        }
        if present != nil { notes.setMissing(false, path) }
        guard let resume else {
            if let present {
                go(to: present, at: firstLook == .end ? present.endOfLines : 0)
            } else if notes.isMissing {
                // It was not there when following began: all that comes is new.
                firstLook = .beginning
            }
            return
        }
        if let found = find(resume, besides: present) {
            notes.setMissing(false, path)
            go(to: found, at: resume.offset)
        } else if let present {
            let same = present.inode == resume.inode && present.device == resume.device
            notes.addGap(
                same
                    ? "\(path) was truncated; what was written to it after byte \(resume.offset) and not read before is not counted"
                    : "the file that was \(path) when it was read last, up to byte \(resume.offset) (inode \(resume.inode)), is gone; what was written to it after that is not counted",
                same ? .truncated : .gone)
            go(to: present, at: 0)
        }
    }

    /// By inode first; then by the first bytes, as a copy bears them that copytruncate made.
    private func find(_ cursor: LogCursor, besides present: LogFile?) -> LogFile? {
        let former = RotatedLogs(of: path).former.reversed().filter { !$0.isCompressed }
        let isSame = { (device: UInt64, inode: UInt64) in
            // Nothing was read yet: only the numbers can tell.
            inode == cursor.inode && (cursor.offset > 0 || device == cursor.device)
        }
        if let present, isSame(present.device, present.inode), present.has(cursor) {
            return present
        }
        // One that cannot be opened is not found, and told as gone.
        for one in former where isSame(one.device, one.inode) {
            if let file = try? LogFile(one.path), file.has(cursor) { return file }
        }
        guard cursor.offset > 0 else { return nil }
        if let present, present.has(cursor) { return present }
        for one in former {
            if let file = try? LogFile(one.path), file.has(cursor) { return file }
        }
        return nil
    }

    /// The file was truncated under us: what it held may stand in a copy.
    func restart(_ file: LogFile) {
        let offset = scanner.consumed
        let copies = RotatedLogs(of: path).former.reversed().filter {
            !$0.isCompressed && ($0.inode != file.inode || $0.device != file.device)
        }
        // A copy that cannot be opened is none; then the truncation is told.
        for one in copies where head.upTo > 0 {
            guard let copy = try? LogFile(one.path), hasHead(copy), copy.state.size >= offset else {
                continue
            }
            return go(to: copy, at: offset)
        }
        notes.addGap(
            "\(file.path) was truncated; what was written to it after byte \(offset) and not read before is not counted",
            .truncated)
        go(to: file, at: 0)
    }

    /// At the end of a file: goes to the next when there is one. False: nothing more for now.
    func leave(_ file: LogFile, _ line: (LogLine, LogCursor) throws -> Void) throws -> Bool {
        guard let present = renamed(file) else { return false }
        let rotated = RotatedLogs(of: path)
        if !rotated.holds(file), let was = cursor, was.offset > 0, present.has(was) {
            // The same lines under another inode: rewritten in place, or moved to another disk.
            go(to: present, at: was.offset)
            return true
        }
        let (between, lost) = rotated.next(after: file, before: present)
        // Its successor is no longer written itself: nobody writes to this one.
        guard between != nil || isOver(file, present) else { return false }
        try takeRest(file, line)
        for text in lost { notes.addGap(text + "; its lines are not counted", .unread) }
        go(to: between ?? present, at: 0)
        return true
    }

    /// The file that bears the path now, when it is another.
    private func renamed(_ file: LogFile) -> LogFile? {
        if let now = LogFile.numbers(path), now == (file.device, file.inode) {
            quietSince = nil
            notes.setTrouble(nil)
            return nil
        }
        do {
            let present = try LogFile(path)
            notes.setTrouble(nil)
            return present
        } catch {
            // Renamed and not made anew yet: the old one is followed as long as that lasts.
            if !error.isMissing { notes.setTrouble("\(error)") }
            return nil
        }
    }

    /// Its successor holds something, and it was quiet for long enough.
    private func isOver(_ file: LogFile, _ present: LogFile) -> Bool {
        let since = quietSince ?? clock()
        quietSince = since
        return present.state.size > 0 && clock() - since >= Self.quietMilliseconds
    }

    /// The last line of a file that nobody writes any more needs no line end.
    private func takeRest(_ file: LogFile, _ line: (LogLine, LogCursor) throws -> Void) throws {
        switch scanner.rest() {
        case .none: break
        case .tooLong(let start): notes.bad.note(.tooLong, start, format)
        case .line(let bytes):
            try take(bytes, cursor: { cursor(file, scanner.position) }, line)
        }
        scanner.takeRest()
    }
}
