import Testing

@testable import Upstream

@Suite("What checks found of an endpoint") struct HealthRecordTests {
    @Test("counts in a row, in both directions")
    func streaks() {
        var record = HealthRecord(unhealthyAfter: 3, healthyAfter: 2)
        let results = [false, false, true, false, false, false, false, true, false, true, true]
        let news = results.map { record.note($0) }
        #expect(news == [5, 10].reduce(into: Array(repeating: false, count: 11)) { $0[$1] = true })
        #expect(record.isHealthy)
    }
}
