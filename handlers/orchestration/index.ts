export type { AgentPolicy, AgentReport, Orchestration, OrchestrationInput, TokenReport } from "./orchestration";
export { orchestrate } from "./orchestrator";
