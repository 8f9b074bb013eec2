import { checkHealth } from "../judges/gate/smoke";
import { ApiProbe } from "../tools/api-probe";
import type { CommandContext, CommandResult } from "./context";

/** What a rollback was to bring about. */
export interface RolledBack {
  /** For a person. */
  readonly to: string;
  /** Seconds that the apply took. */
  readonly seconds: number;
  readonly verify: boolean;
  /** Settings and outputs that must be so now. Default: none. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

/** Looks whether a rollback brought about what was asked, and says how long it took. An API that cannot be asked from here is said and no failure. */
export async function verifiedRollback(context: CommandContext, result: CommandResult, { to, seconds, verify, settings = {}, outputs = {} }: RolledBack): Promise<CommandResult> {
  const { outputs: there = {} } = result.json as { outputs?: Readonly<Record<string, unknown>> };
  const inEffect = (there["settings"] ?? {}) as Readonly<Record<string, unknown>>;
  const differing = [...differences(settings, inEffect), ...differences(outputs, there)];
  const health = verify ? await askHealth(context, there) : undefined;
  const failed = verify && (differing.length > 0 || health?.verdict === "fail");
  const checks = verify ? [...differing, ...(health === undefined ? [] : [`health: ${health.seen}`])] : [];
  const rounded = Number(seconds.toFixed(1));
  const text = [`Rolled back to ${to} in ${rounded.toFixed(1)} s.${failed ? " It is not as it should be:" : ""}`, ...checks, result.text].join("\n");
  return { exitCode: failed ? 1 : result.exitCode, text, json: { ...(result.json as object), to, seconds: rounded, ...(verify && { verified: !failed, checks }) } };
}

function differences(asked: Readonly<Record<string, unknown>>, there: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(asked).flatMap(([name, value]) => (there[name] === value ? [] : [`${name} is ${JSON.stringify(there[name]) ?? "missing"}; expected ${JSON.stringify(value)}`]));
}

/** The one route that anybody may ask. */
async function askHealth({ signal }: CommandContext, outputs: Readonly<Record<string, unknown>>): Promise<{ readonly verdict: string; readonly seen: string } | undefined> {
  const endpoint = outputs["api_endpoint"];
  if (typeof endpoint !== "string" || !/^https?:\/\//.test(endpoint)) return undefined;
  const region = String((outputs["settings"] as { aws_region?: unknown } | undefined)?.aws_region ?? "");
  return checkHealth(await new ApiProbe(endpoint.replace(/\/+$/, ""), region, signal, 10_000).call({ method: "GET", route: "/api/v1/health", caller: { kind: "anonymous" } }));
}
