import Agent
import Glibc

exit(SoapBenchmark.main(CommandLine.arguments))
