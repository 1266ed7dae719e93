import Glibc

/// Files for tests.
enum Files {
    struct Failure: Error { var path: String }

    static func write(_ text: String, to path: String) throws(Failure) {
        guard let file = unsafe fopen(path, "w") else { throw Failure(path: path) }
        defer { unsafe fclose(file) }
        guard unsafe fputs(text, file) >= 0 else { throw Failure(path: path) }
    }

    /// A new folder; the caller removes it.
    static func temporaryFolder() throws(Failure) -> String {
        var template = Array("/tmp/gatehouse-test-XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else { throw Failure(path: "/tmp") }
        return String(
            decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
