import Agent
import Glibc
import Wire

exit(AgentProgram.main(programArguments()))
