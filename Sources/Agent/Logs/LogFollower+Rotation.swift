import Platform

extension LogFollower {
    /// Finds the cursor's file under whatever name it has now, or begins anew.
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
                // The file was not there when following began, so everything in it is new.
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

    /// Looks for the inode first, then for the first bytes, which a copy that copytruncate made shares.
    private func find(_ cursor: LogCursor, besides present: LogFile?) -> LogFile? {
        let former = RotatedLogs(of: path).former.reversed().filter { !$0.isCompressed }
        let isSame = { (device: UInt64, inode: UInt64) in
            // Nothing was read yet, so only the numbers can tell.
            inode == cursor.inode && (cursor.offset > 0 || device == cursor.device)
        }
        if let present, isSame(present.device, present.inode), present.has(cursor) {
            return present
        }
        // A file that cannot be opened counts as not found, and is told as gone.
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

    /// Called when the file was truncated while open: what it held may stand in a copy.
    func restart(_ file: LogFile) {
        let offset = scanner.consumed
        let copies = RotatedLogs(of: path).former.reversed().filter {
            !$0.isCompressed && ($0.inode != file.inode || $0.device != file.device)
        }
        // A copy that cannot be opened is no use; then the truncation is told.
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

    /// Called at the end of a file: moves to the next if there is one. Returns false when nothing more can be read.
    func leave(_ file: LogFile, _ line: (LogLine, LogCursor) throws -> Void) throws -> Bool {
        guard let present = renamed(file) else { return false }
        let rotated = RotatedLogs(of: path)
        if !rotated.holds(file), let was = cursor, was.offset > 0, present.has(was) {
            // The same lines have another inode: the file was rewritten in place, or moved to another disk.
            go(to: present, at: was.offset)
            return true
        }
        let (between, lost) = rotated.next(after: file, before: present)
        // When the file's successor was itself rotated, nobody writes to this one any more.
        guard between != nil || isOver(file, present) else { return false }
        try takeRest(file, line)
        for text in lost { notes.addGap(text + "; its lines are not counted", .unread) }
        go(to: between ?? present, at: 0)
        return true
    }

    /// The file that has the path now, when it is another one.
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
            // The file was renamed and its successor is not there yet; the old one is followed meanwhile.
            if !error.isMissing { notes.setTrouble("\(error)") }
            return nil
        }
    }

    /// Whether the successor holds something and this file has been quiet for long enough.
    private func isOver(_ file: LogFile, _ present: LogFile) -> Bool {
        let since = quietSince ?? clock()
        quietSince = since
        return present.state.size > 0 && clock() - since >= Self.quietMilliseconds
    }

    /// Takes the last line of a file that nobody writes any more, even without a line end.
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
