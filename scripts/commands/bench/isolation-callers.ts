import { ApiProbe } from "../../tools/api-probe";
import type { LocalIssuer } from "../../tools/local-issuer";
import { callersOf, type AccessMode } from "../access-modes";
import { REGION } from "../local-stack";
import type { IsolationCaller } from "./isolation-polls";

/** The modes in which callers are told apart; with `none` all callers are one, and there is nothing to isolate. */
export const ISOLATING_MODES = ["iam", "api_key", "jwt"] as const satisfies readonly AccessMode[];
export type IsolatingMode = (typeof ISOLATING_MODES)[number];

/**
 * The two callers of a mode, who ask over HTTP.
 * @param url of the stage, without the route
 * @param shown parsed output of `terraform show -json`, which holds the keys
 */
export function isolationCallers(
  mode: IsolatingMode,
  url: string,
  shown: unknown,
  issuer: LocalIssuer,
  signal: AbortSignal,
): IsolationCaller[] {
  const probe = new ApiProbe(url, REGION, signal);
  return callersOf(mode, shown, issuer).map(({ name, caller }) => ({
    name,
    send: (method, route, body) => probe.call({ method, route, caller, ...(body !== undefined && { body }) }),
  }));
}
