import Collector
import Glibc
import Wire

exit(CollectorProgram.main(programArguments()))
