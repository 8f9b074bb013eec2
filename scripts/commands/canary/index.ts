export { canary } from "./canary";
export type { CanaryOptions } from "./options";
