/// Finds what somebody probably meant.
enum Spelling {
    /// The nearest of `candidates`, if it is near enough to be a slip of the finger or another
    /// unit.
    static func suggestion(for word: String, among candidates: [String]) -> String? {
        let lowercased = word.lowercased()
        var best: (word: String, distance: Int)?
        for candidate in candidates {
            let distance = distance(Array(lowercased.utf8), Array(candidate.lowercased().utf8))
            if distance <= max(1, min(word.utf8.count, candidate.utf8.count) / 3),
                distance < best?.distance ?? .max
            {
                best = (candidate, distance)
            }
        }
        return best?.word ?? otherUnit(of: word, among: candidates)
    }

    /// The candidate that differs in its last word only: in the unit, mostly.
    private static func otherUnit(of word: String, among candidates: [String]) -> String? {
        let stems = [word, stem(word)]
        return candidates.first { stem($0) != $0 && stems.contains(stem($0)) }
    }

    /// Without the last capitalised word: `drain` of `drainSeconds`.
    private static func stem(_ word: String) -> String {
        word.lastIndex { $0.isUppercase }.map { String(word[..<$0]) } ?? word
    }

    /// Insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b`.
    private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        guard a.count <= 64, b.count <= 64 else { return .max }
        var before: [Int] = []
        var last = Array(0...b.count)
        for (i, x) in a.enumerated() {
            var row = [i + 1]
            for (j, y) in b.enumerated() {
                var cost = min(row[j] + 1, last[j + 1] + 1, last[j] + (x == y ? 0 : 1))
                if i > 0, j > 0, x == b[j - 1], a[i - 1] == y {
                    cost = min(cost, before[j - 1] + 1)
                }
                row.append(cost)
            }
            before = last
            last = row
        }
        return last[b.count]
    }
}
