import Testing

@testable import Platform

@Suite("TokenBucket") struct TokenBucketTests {
    @Test("a few at once, then one a while, and after a rest a few again")
    func bucket() {
        var bucket = TokenBucket(size: 3, everyMilliseconds: 1000)
        #expect((0..<3).allSatisfy { _ in bucket.take(at: 5000) == 0 })
        #expect(bucket.take(at: 5000) == 1000 && bucket.take(at: 5400) == 600)
        #expect(bucket.take(at: 6000) == 0 && bucket.take(at: 6000) == 1000)
        #expect(!bucket.isFull(at: 8999) && bucket.isFull(at: 9000))
        #expect((0..<3).allSatisfy { _ in bucket.take(at: 100_000) == 0 })
        #expect(bucket.take(at: 100_000) == 1000)
    }
}
