import Platform

/// The words after the program's name, from the kernel's list. Swift's own list is empty under Debian's faketime,
/// which the window tests use.
public func programArguments() -> [String] {
    guard let bytes = try? Files.read("/proc/self/cmdline", bytesMax: 4 << 20) else {
        return Array(CommandLine.arguments.dropFirst())
    }
    return bytes.split(separator: 0, omittingEmptySubsequences: false).dropLast().dropFirst()
        .map { String(decoding: $0, as: UTF8.self) }
}
