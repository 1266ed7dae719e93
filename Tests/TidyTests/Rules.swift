/// The rules of the tree. Each returns one line for every offence: where and what.
enum Rules {
    static let lineLimit = 100
    static let fileLimit = 500
    static let functionLimit = 60

    /// Imports name declared dependencies only; declared dependencies point down only.
    static func importDirection(_ files: [SourceFile], _ graph: TargetGraph) -> [String] {
        let ours = Set(TargetGraph.order)
        var found: [String] = []
        for file in files {
            guard let declared = graph.dependencies[file.target] else {
                found.append(file.offence(0, "target \(file.target) is not in Package.swift"))
                continue
            }
            for (index, line) in file.code.enumerated() {
                guard let module = importedModule(line) else { continue }
                let isOurs = ours.contains(module) || TargetGraph.cLibraries.contains(module)
                if isOurs, !declared.contains(module), module != file.target {
                    found.append(file.offence(index, "import of \(module) is not declared"))
                }
            }
        }
        return found
    }

    static func dependencyDirection(_ graph: TargetGraph) -> [String] {
        let order = TargetGraph.order
        var found: [String] = []
        for (target, names) in graph.dependencies.sorted(by: { $0.key < $1.key }) {
            if target.hasSuffix("Tests") || TargetGraph.cLibraries.contains(target) { continue }
            guard let own = order.firstIndex(of: target) else {
                found.append("Package.swift: target \(target) has no place in the order")
                continue
            }
            for name in names.sorted() where !TargetGraph.cLibraries.contains(name) {
                if order.firstIndex(of: name) ?? -1 <= own {
                    found.append("Package.swift: \(target) may not depend on \(name)")
                }
            }
        }
        return found
    }

    static func importedModule(_ line: String) -> String? {
        let words = line.words.filter { !$0.hasPrefix("@") }.map(String.init)
        guard let position = words.firstIndex(of: "import"), position <= 1 else { return nil }
        guard line.contains(/^\s*(@\w+\s+)?((public|internal|private)\s+)?import\s/) else {
            return nil
        }
        let kinds: Set<String> = ["struct", "class", "enum", "func", "protocol", "var", "let"]
        return words.dropFirst(position + 1).first { !kinds.contains($0) }
    }

    /// `unsafe` and C libraries stay behind the fence.
    static func fence(_ files: [SourceFile]) -> [String] {
        offences(in: files.filter { !TargetGraph.fence.contains($0.target) }) { line in
            if line.words.contains("unsafe") || line.words.contains("@unsafe") {
                return "unsafe outside of the fence"
            }
            if let module = importedModule(line), TargetGraph.cLibraries.contains(module) {
                return "C library \(module) outside of the fence"
            }
            return nil
        }
    }

    static func foundation(_ files: [SourceFile]) -> [String] {
        offences(in: files.filter { TargetGraph.dataPath.contains($0.target) }) { line in
            guard let module = importedModule(line) else { return nil }
            return module.hasPrefix("Foundation") ? "Foundation on the data path" : nil
        }
    }

    static func fileLengths(_ files: [SourceFile]) -> [String] {
        files.compactMap { file in
            let count = file.lines.last == "" ? file.lines.count - 1 : file.lines.count
            return count > fileLimit ? file.offence(0, "\(count) lines in one file") : nil
        }
    }

    static func lineLengths(_ files: [SourceFile]) -> [String] {
        files.flatMap { file in
            file.lines.enumerated().compactMap { index, line in
                line.count > lineLimit ? file.offence(index, "\(line.count) columns") : nil
            }
        }
    }

    static func functionLengths(_ files: [SourceFile]) -> [String] {
        files.flatMap { file in
            Declaration.all(in: file).compactMap { declaration in
                let count = declaration.body.upperBound - declaration.line + 1
                guard declaration.kind == .function, count > functionLimit else { return nil }
                return file.offence(declaration.line, "\(declaration.name) has \(count) lines")
            }
        }
    }

    static func reminders(_ files: [SourceFile]) -> [String] {
        let marks: Set<Substring> = ["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]
        return files.flatMap { file in
            file.lines.enumerated().compactMap { index, line in
                let mark = line.words.first { marks.contains($0) }
                return mark.map { file.offence(index, "a \($0)") }
            }
        }
    }

    static func prints(_ files: [SourceFile]) -> [String] {
        offences(in: files.filter { !TargetGraph.executables.contains($0.target) }) { line in
            line.contains(/(^|[^\w.])(print|debugPrint|dump)\(/) ? "prints" : nil
        }
    }

    static func forcedTries(_ files: [SourceFile]) -> [String] {
        offences(in: files) { $0.contains("try!") ? "a forced try" : nil }
    }

    static func typeNames(_ files: [SourceFile]) -> [String] {
        let endings = ["Manager", "Helper", "Helpers", "Util", "Utils", "Base"]
        return files.flatMap { file in
            Declaration.all(in: file).compactMap { declaration in
                guard declaration.kind == .type else { return nil }
                guard endings.contains(where: declaration.name.hasSuffix) else { return nil }
                return file.offence(declaration.line, "a type named \(declaration.name)")
            }
        }
    }

    private static func offences(
        in files: [SourceFile], _ judge: (String) -> String?
    ) -> [String] {
        files.flatMap { file in
            file.code.enumerated().compactMap { index, line in
                judge(line).map { file.offence(index, $0) }
            }
        }
    }
}
