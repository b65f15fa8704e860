/// Writes lines of features, one after the other, into one buffer.
struct FeatureWriter: Hashable {
    private(set) var bytes: [UInt8] = []

    init() {}
    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func put(_ features: AccountFeatures) {
        let (rhythm, subjects, distinct) = (features.rhythm, features.subjects, features.distinct)
        let hour = UInt32(clamping: features.hour.milliseconds / Timestamp.millisecondsPerHour)
        group(hour, rhythm.first, rhythm.last, rhythm.attempts, features.allowed)
        let gaps = rhythm.gaps
        if gaps.count > 0 {
            for number in [
                UInt64(gaps.count), UInt64(gaps.sum), gaps.squares, UInt64(gaps.logs),
            ] {
                put(number: number)
                bytes.append(UInt8(ascii: ","))
            }
            put(number: gaps.logSquares)
        }
        end()
        let (second, minute) = (rhythm.perSecond, rhythm.perMinute)
        group(
            second.most, second.first, second.last, minute.most, minute.first, minute.last)
        put(String(rhythm.minutes, radix: 16))
        end()
        if subjects.home > 0 || subjects.elsewhere > 0 || subjects.unplaced > 0 {
            group(subjects.home, subjects.elsewhere, subjects.unplaced)
        } else {
            end()
        }
        if subjects.longestRun > 0 {
            group(subjects.longestRun, subjects.inRuns)
        } else {
            end()
        }
        group(distinct.subjects, distinct.officers, distinct.sources, distinct.topSource)
        put(features.serviceUnits.text)
        if let sketches = features.sketches {
            end()
            for counter in [sketches.subjects, sketches.officers, sketches.sources] {
                put(counter.text)
                bytes.append(UInt8(ascii: ","))
            }
            put(sketches.topSources.text)
        }
        bytes.append(UInt8(ascii: " "))
        put(features.login.rawValue)
    }

    mutating func endLine() { bytes.append(UInt8(ascii: "\n")) }

    private mutating func put(_ text: String) { bytes.append(contentsOf: text.utf8) }
    private mutating func end() { bytes.append(UInt8(ascii: ";")) }

    private mutating func group(_ numbers: UInt32...) {
        for (place, number) in numbers.enumerated() {
            if place > 0 { bytes.append(UInt8(ascii: ",")) }
            put(number: UInt64(number))
        }
        end()
    }

    private mutating func put(number: UInt64) {
        if number >= 10 { put(number: number / 10) }
        bytes.append(UInt8(truncatingIfNeeded: number % 10) + 48)
    }
}
