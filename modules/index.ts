export { Access } from "./access";
export { AgentFunction, type AgentFunctionProps } from "./agent-function";
export {
  Alarms,
  BurnRateAlarms,
  listAttribute,
  type AlarmProps,
  type BurnRateAlarmProps,
  type MetricQuery,
} from "./alarms";
export { AccountLogging, ApiStage, methodPath } from "./api-stage";
export { CostBudget } from "./cost-budget";
export { chartRows, Dashboard, type Chart, type ChartLine, type DashboardSection } from "./dashboard";
export {
  functionPermissions,
  gatePermissions,
  keyChoicePermissions,
  keyReadPermissions,
  readPermissions,
  servicePermissions,
  type DeploymentNames,
} from "./deployment-permissions";
export { EdgeDistribution } from "./edge-distribution";
export { address, countWhen, expression, interpolate, interpolateAny, type Expression } from "./expressions";
export { LiveAlias } from "./live-alias";
export { STATUS_ROUTE } from "./openapi";
export {
  PermissionSets,
  readStatePermissions,
  stateKeyPermissions,
  writeStatePermissions,
  type PermissionSet,
  type StateObject,
} from "./permission-sets";
export { PipelineIdentity, type Subjects } from "./pipeline-role";
export { allow, type PolicyStatement, type UsableKeys } from "./policy-statements";
export { RequestStore } from "./request-store";
export { RestApi } from "./rest-api";
export { boundaryPermissions, rolePermissions } from "./role-permissions";
export { Schedule } from "./schedule";
export { StateBucket } from "./state-bucket";
export { WebFirewall } from "./web-firewall";
export { WorkQueue } from "./work-queue";
