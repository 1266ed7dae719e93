import Kernel
import YAML

extension Configuration {
    /// Holds the pepper where `keyPepperFile` is absent.
    public static let pepperVariable = "GATEHOUSE_KEY_PEPPER"

    /// Reads and checks the file at `path`, and the files it names.
    ///
    /// `checkFiles: false` reads a configuration for its own sake: files and variables it names
    /// need not exist, and then the pepper, credentials and keys of `keysFile` stay empty.
    public static func load(
        path: String, checkFiles: Bool = true,
        environment: @escaping (String) -> String? = ProcessEnvironment.value
    ) throws(ConfigurationProblems) -> Configuration {
        let contents: ByteBuffer
        do throws(FileContents.Failure) {
            contents = try FileContents.read(path, limit: 16_777_216)
        } catch {
            let problem = Problem(file: path, line: 0, column: 0, message: error.description)
            throw ConfigurationProblems([problem])
        }
        return try read(contents.bytes, path, checkFiles, environment).get()
    }

    /// Reads and checks `text` as if it stood in the file at `path`.
    public static func read(
        _ text: String, path: String, checkFiles: Bool = true,
        environment: @escaping (String) -> String? = ProcessEnvironment.value
    ) throws(ConfigurationProblems) -> Configuration {
        try read(text.utf8.span, path, checkFiles, environment).get()
    }

    private static func read(
        _ text: Span<UInt8>, _ path: String, _ checkFiles: Bool,
        _ environment: @escaping (String) -> String?
    ) -> Result<Configuration, ConfigurationProblems> {
        var reader = ConfigurationReader(
            file: path, folder: folder(of: path), checksFiles: checkFiles,
            environment: environment)
        var configuration = Configuration()
        do throws(YAMLError) {
            reader.read(try YAML.parse(text), into: &configuration)
            reader.resolveReferences()
        } catch {
            reader.report(error.message, at: error.mark)
        }
        return reader.problems.isEmpty
            ? .success(configuration)
            : .failure(ConfigurationProblems(reader.problems.sorted()))
    }

    /// The folder `path` lies in, absolute where the working directory is known.
    private static func folder(of path: String) -> String {
        let parent = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[..<$0]) }
        if path.utf8.first == UInt8(ascii: "/") { return parent ?? "/" }
        let start = FileContents.workingDirectory ?? "."
        return parent.map { "\(start)/\($0)" } ?? start
    }
}
