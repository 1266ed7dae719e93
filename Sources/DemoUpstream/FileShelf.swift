import Kernel

/// The files that were uploaded, newest last. When it is full the oldest fall off.
final class FileShelf {
    private final class File {
        let id: String
        let name: String
        let purpose: String
        var content = ByteBuffer()

        init(id: String, name: String, purpose: String) {
            self.id = id
            self.name = name
            self.purpose = purpose
        }
    }

    private let countLimit: Int
    private let byteLimit: Int
    private var files: [File] = []
    private var byteCount = 0

    init(countLimit: Int = 256, byteLimit: Int = 64 << 20) {
        self.countLimit = countLimit
        self.byteLimit = byteLimit
    }

    /// Keeps a file and describes it. The same file stays one file.
    func store(name: String, purpose: String, content: Span<UInt8>) -> Answer {
        var fingerprint = Fingerprint(name + "\n" + purpose + "\n")
        fingerprint.add(content)
        let file = File(id: "file-" + fingerprint.text, name: name, purpose: purpose)
        file.content.append(content)
        remove(file.id)
        files.append(file)
        byteCount += file.content.count
        while files.count > 1, files.count > countLimit || byteCount > byteLimit {
            remove(files[0].id)
        }
        return Answer(object(file))
    }

    func list() -> Answer {
        let objects = files.reversed().map(object).joined(separator: ",")
        let first = files.last.map { quoted($0.id) } ?? "null"
        let last = files.first.map { quoted($0.id) } ?? "null"
        return Answer(
            """
            {"object":"list","data":[\(objects)],"first_id":\(first),"last_id":\(last),\
            "has_more":false}
            """)
    }

    func describe(_ id: String) -> Answer {
        guard let file = find(id) else { return unknown(id) }
        return Answer(object(file))
    }

    func content(_ id: String) -> Answer {
        guard let file = find(id) else { return unknown(id) }
        let answer = Answer()
        answer.contentType = "application/octet-stream"
        copy(file.content, to: answer)
        return answer
    }

    func delete(_ id: String) -> Answer {
        guard remove(id) else { return unknown(id) }
        return Answer("{\"id\":\(quoted(id)),\"object\":\"file\",\"deleted\":true}")
    }

    private func copy(_ content: borrowing ByteBuffer, to answer: Answer) {
        answer.body.append(content.bytes)
    }

    private func find(_ id: String) -> File? { files.first { $0.id == id } }

    @discardableResult
    private func remove(_ id: String) -> Bool {
        guard let index = files.firstIndex(where: { $0.id == id }) else { return false }
        byteCount -= files.remove(at: index).content.count
        return true
    }

    private func object(_ file: File) -> String {
        """
        {"id":\(quoted(file.id)),"object":"file","bytes":\(file.content.count),\
        "created_at":\(Answer.created),"expires_at":null,"filename":\(quoted(file.name)),\
        "purpose":\(quoted(file.purpose)),"status":"processed","status_details":null}
        """
    }

    private func unknown(_ id: String) -> Answer {
        Answer.failure(404, "No such File object: \(id)", param: "id", code: nil)
    }
}

extension Answer {
    /// Takes a multipart upload with a `file` and a `purpose`.
    static func upload(_ request: borrowing Request, to files: FileShelf) -> Answer {
        let form = MultipartForm(request.body.bytes, contentType: request.contentType)
        guard let form else {
            return failure(
                400, "The body is not a multipart form.", code: "invalid_multipart_form_data")
        }
        guard let file = form.parts.first(where: { $0.name == "file" }), let name = file.fileName
        else { return missing("file") }
        guard let purpose = form.parts.first(where: { $0.name == "purpose" }) else {
            return missing("purpose")
        }
        return files.store(
            name: name, purpose: request.body.slice(purpose.content).text,
            content: request.body.slice(file.content))
    }
}
