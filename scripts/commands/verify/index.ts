export { verify } from "./verify";
export type { VerifyOptions } from "./options";
