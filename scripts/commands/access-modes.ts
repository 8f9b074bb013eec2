import type { ProbeCaller } from "../tools/api-probe";
import type { LocalIssuer } from "../tools/local-issuer";
import { CALLERS } from "./local-stack";

/** Values of the setting `authorization`. */
export const ACCESS_MODES = ["iam", "api_key", "jwt", "none"] as const;
export type AccessMode = (typeof ACCESS_MODES)[number];

/** Of tokens in mode jwt. */
export const AUDIENCE = "local-callers";

/** A caller of a stack on this machine. */
export interface LocalCaller {
  readonly name: string;
  readonly caller: ProbeCaller;
}

/** Settings of a mode, as `name=value`. */
export function settingsOf(mode: AccessMode, issuer: LocalIssuer): string[] {
  const more: Readonly<Record<AccessMode, readonly string[]>> = {
    iam: [],
    api_key: [`api_key_names=${JSON.stringify(CALLERS.map(({ name }) => name))}`],
    jwt: [`jwt_issuer=${issuer.url}`, `jwt_audiences=${JSON.stringify([AUDIENCE])}`],
    none: [],
  };
  return [`authorization=${mode}`, ...more[mode]];
}

/**
 * The same two callers, as a mode asks for them; with `none` all callers are one, and so it is one.
 * @param shown parsed output of `terraform show -json`, which holds the keys
 */
export function callersOf(mode: AccessMode, shown: unknown, issuer: LocalIssuer): LocalCaller[] {
  if (mode === "none") return [{ name: "anybody", caller: { kind: "anonymous" } }];
  return CALLERS.map((credentials) => {
    const { name } = credentials;
    const proof: Readonly<Record<typeof mode, () => ProbeCaller>> = {
      iam: () => ({ kind: "iam", credentials }),
      api_key: () => ({ kind: "key", apiKey: keyOf(name, shown) }),
      jwt: () => ({ kind: "token", token: issuer.token(name, AUDIENCE) }),
    };
    return { name, caller: proof[mode]() };
  });
}

interface Shown {
  readonly values: {
    readonly root_module: {
      readonly resources: readonly {
        readonly type: string;
        readonly index?: string;
        readonly values: { readonly value?: string };
      }[];
    };
  };
}

function keyOf(name: string, shown: unknown): string {
  const value = (shown as Shown).values.root_module.resources.find(
    ({ type, index }) => type === "aws_api_gateway_api_key" && index === name,
  )?.values.value;
  if (value === undefined) throw new Error(`The applied stack has no API key of ${name}`);
  return value;
}
