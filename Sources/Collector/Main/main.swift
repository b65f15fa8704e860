import Collector
import Glibc

exit(CollectorProgram.main(Array(CommandLine.arguments.dropFirst())))
