import Foundation
import Platform
import Supervisor

@main
enum Main {
    static func main() {
        if let code = GuardianMain.serve(CommandLine.arguments) { exit(code) }
        ProcessSetup.prepare()
        exit(Program.run(Array(CommandLine.arguments.dropFirst())))
    }
}
