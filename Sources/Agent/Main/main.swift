import Agent
AgentProgram.run()
