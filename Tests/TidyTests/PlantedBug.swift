/// One entry of `scripts/mutations.txt`: a bug that is planted to see the simulation find it.
struct PlantedBug {
    let name: String
    let path: String
    /// The text as it stands in the file.
    let text: String

    static func all(in table: String) -> [PlantedBug] {
        table.split(separator: "\n\n").compactMap { block in
            let lines = block.split(separator: "\n")
            guard lines.count > 2, lines[0].hasPrefix("# "), lines[1].hasPrefix("file ") else {
                return nil
            }
            let old = lines.filter { $0.hasPrefix("-") }.map { $0.dropFirst() }
            return PlantedBug(
                name: String(lines[0].dropFirst(2)), path: String(lines[1].dropFirst(5)),
                text: old.joined(separator: "\n"))
        }
    }

    /// One line for every bug whose text does not stand in its file exactly once.
    static func misplaced(_ bugs: [PlantedBug], read: (String) -> String?) -> [String] {
        bugs.compactMap { bug in
            let count = (read(bug.path) ?? "").ranges(of: bug.text).count
            return count == 1 ? nil : "\(bug.path): \(bug.name): its text stands \(count) times"
        }
    }
}
