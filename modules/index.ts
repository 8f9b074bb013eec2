export { Access } from "./access";
export { AccountLogging } from "./account-logging";
export { AgentFunction } from "./agent-function";
export { Alarms, everyOne, type AlarmProps } from "./alarms";
export { ApiStage, methodPath } from "./api-stage";
export { BurnRateAlarms, type BurnRateAlarmProps } from "./burn-rate-alarms";
export { CostBudget } from "./cost-budget";
export { Dashboard, type Chart, type ChartLine, type DashboardSection } from "./dashboard";
export type { DeploymentNames } from "./deployment-arns";
export {
  changeFunctions,
  changeServices,
  chooseKeys,
  judgeDeployment,
  readDeployment,
  readKeys,
} from "./deployment-permissions";
export { EdgeDistribution } from "./edge-distribution";
export { address } from "./expressions";
export { LiveAlias } from "./live-alias";
export { chartRows, type MetricQuery } from "./metric-query";
export { STATUS_ROUTE } from "./openapi";
export { PermissionSets, type PermissionSet } from "./permission-sets";
export { PipelineIdentity } from "./pipeline-role";
export { allow, type PolicyStatement, type UsableKeys } from "./policy-statements";
export { RequestStore } from "./request-store";
export { RestApi } from "./rest-api";
export { changeRoles, limitRoles } from "./role-permissions";
export { Schedule } from "./schedule";
export { StateBucket } from "./state-bucket";
export { readState, useStateKey, writeState, type StateObject } from "./permission-sets";
export { WebFirewall } from "./web-firewall";
export { WorkQueue } from "./work-queue";
