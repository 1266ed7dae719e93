@main
enum Gatehouse {
    static func main() {}
}
