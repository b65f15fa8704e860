import Glibc
import Synchronization

// libFuzzer brings `main` and calls the two functions below.
//
//     chot-fuzz TARGET [libFuzzer's options and folders]
//     chot-fuzz list              names the targets
//     chot-fuzz words TARGET      writes a dictionary

/// The target of this run.
private let chosen = Mutex<FuzzTarget?>(nil)

private let variable = "CHOT_FUZZ_TARGET"

/// Called once: takes the target's name from the words.
@_cdecl("LLVMFuzzerInitialize")
public func initialise(
    _ count: UnsafeMutablePointer<Int32>,
    _ words: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>
) -> Int32 {
    let all = (1..<max(1, Int(count.pointee))).compactMap {
        words.pointee[$0].map { String(cString: $0) }
    }
    if all == ["list"] {
        for target in FuzzTarget.all { print(target.name) }
        exit(0)
    }
    if all.count == 2, all[0] == "words", let target = FuzzTarget.named(all[1]) {
        print(target.dictionary)
        exit(0)
    }
    // libFuzzer starts itself anew to merge and to minimise: that run finds the name here.
    if let name = getenv(variable), let target = FuzzTarget.named(String(cString: name)) {
        chosen.withLock { $0 = target }
        return 0
    }
    guard let name = all.first, let target = FuzzTarget.named(name) else {
        print("chot-fuzz TARGET [OPTIONS] [FOLDERS], chot-fuzz list, chot-fuzz words TARGET")
        exit(64)
    }
    chosen.withLock { $0 = target }
    setenv(variable, name, 1)
    // libFuzzer goes on with "-max_len=…" in the name's place.
    words.pointee[1] = strdup("-max_len=\(target.bytesMax)")
    return 0
}

/// Called with each input. A broken promise ends the process, as a crash does.
@_cdecl("LLVMFuzzerTestOneInput")
public func feed(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let bytes = [UInt8](UnsafeBufferPointer(start: start, count: count))
    guard let target = chosen.withLock({ $0 }) else { return -1 }
    do {
        try target.feed(bytes)
    } catch {
        print("\(target.name): \(error)")
        fflush(nil)
        abort()
    }
    return 0
}

extension FuzzTarget {
    static func named(_ name: String) -> FuzzTarget? { all.first { $0.name == name } }

    /// In libFuzzer's form: one quoted word a line.
    var dictionary: String {
        words.map { word in
            let quoted = word.utf8.map { byte -> String in
                let isPlain = (0x20..<0x7F).contains(byte) && byte != 0x22 && byte != 0x5C
                let digits = String(byte, radix: 16)
                return isPlain
                    ? String(UnicodeScalar(byte)) : "\\x" + (digits.count < 2 ? "0" : "") + digits
            }
            return "\"" + quoted.joined() + "\""
        }.joined(separator: "\n")
    }
}
