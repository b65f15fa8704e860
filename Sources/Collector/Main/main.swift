import Collector
CollectorProgram.run()
