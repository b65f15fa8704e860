import Fleet
import Glibc
import Wire

exit(FleetProgram.main(programArguments()))
