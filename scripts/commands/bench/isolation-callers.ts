import { ApiProbe, type ProbeCaller } from "../../tools/api-probe";
import type { LocalIssuer } from "../../tools/local-issuer";
import { CALLERS, REGION } from "../local-stack";
import type { IsolationCaller } from "./isolation-polls";

/** The modes in which callers are told apart; with `none` all callers are one, and there is nothing to isolate. */
export const ISOLATING_MODES = ["iam", "api_key", "jwt"] as const;
export type IsolatingMode = (typeof ISOLATING_MODES)[number];

const AUDIENCE = "isolation";

/** Settings of a mode, as `name=value`. */
export function settingsOf(mode: IsolatingMode, issuer: LocalIssuer): string[] {
  const more: Readonly<Record<IsolatingMode, readonly string[]>> = {
    iam: [],
    api_key: [`api_key_names=${JSON.stringify(CALLERS.map(({ name }) => name))}`],
    jwt: [`jwt_issuer=${issuer.url}`, `jwt_audiences=${JSON.stringify([AUDIENCE])}`],
  };
  return [`authorization=${mode}`, ...more[mode]];
}

/**
 * The same two callers, as a mode asks for them.
 * @param url of the stage, without the route
 * @param shown parsed output of `terraform show -json`, which holds the keys
 */
export function callersOf(mode: IsolatingMode, url: string, shown: unknown, issuer: LocalIssuer, signal: AbortSignal): IsolationCaller[] {
  const probe = new ApiProbe(url, REGION, signal);
  return CALLERS.map((credentials) => {
    const { name } = credentials;
    const proof: Readonly<Record<IsolatingMode, () => ProbeCaller>> = {
      iam: () => ({ kind: "iam", credentials }),
      api_key: () => ({ kind: "key", apiKey: keyOf(name, shown) }),
      jwt: () => ({ kind: "token", token: issuer.token(name, AUDIENCE) }),
    };
    const caller = proof[mode]();
    return { name, send: (method, route, body) => probe.call({ method, route, caller, ...(body !== undefined && { body }) }) };
  });
}

interface Shown {
  readonly values: { readonly root_module: { readonly resources: readonly { readonly type: string; readonly index?: string; readonly values: { readonly value?: string } }[] } };
}

function keyOf(name: string, shown: unknown): string {
  const value = (shown as Shown).values.root_module.resources.find(({ type, index }) => type === "aws_api_gateway_api_key" && index === name)?.values.value;
  if (value === undefined) throw new Error(`The applied stack has no API key of ${name}`);
  return value;
}
