export { PART_ALARMS, alarmsPart, type PartAlarm } from "./alarms";
export { cachedApiStagePart } from "./cached-api-stage";
export { liveAliasPart } from "./live-alias";
export type { Part } from "../settings/setting";
