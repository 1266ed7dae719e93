import Kernel

/// All numbers of the process: what each worker counts, and who may read them together.
public final class MetricRegistry: Sendable {
    let subjects: MetricSubjects
    let layout: MetricLayout
    let directory: LabelDirectory
    let tallies: [Tally]

    /// `seriesLimit`: sets of request labels that are told apart.
    public init(_ subjects: MetricSubjects, workers: Int, seriesLimit: Int) {
        self.subjects = subjects
        let layout = MetricLayout(
            upstreams: subjects.upstreams.count, routes: subjects.routes.count,
            series: seriesLimit + 1)
        self.layout = layout
        directory = LabelDirectory(bound: seriesLimit)
        tallies = (0..<workers).map { _ in Tally(count: layout.count) }
    }

    /// A worker's end, to be used by one thread. There is one for each worker.
    public func makeRecorder(worker: Int) -> MetricRecorder {
        MetricRecorder(tallies[worker], layout, directory)
    }

    /// The number at `cell`, of all workers together.
    func total(_ cell: Int) -> UInt64 { tallies.reduce(0) { $0 &+ $1[cell] } }
}
