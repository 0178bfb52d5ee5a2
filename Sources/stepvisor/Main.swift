import Foundation
import Supervisor

@main
enum Main {
    static func main() {
        ProcessSetup.prepare()
        exit(Program.run(Array(CommandLine.arguments.dropFirst())))
    }
}
