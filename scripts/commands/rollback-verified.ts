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
  /** Whether the newest versions must be live, because they alone have what was asked for. Default: false. */
  readonly newest?: boolean;
}

/** The outputs that say which version is live and which is newest, by function. */
const VERSIONS = [["worker", "live_version", "newest_version"], ["front door", "api_live_version", "api_newest_version"]] as const;

const FOUND = {
  good: "",
  failed: " It is not as it should be:",
  unknown: " It is applied, and whether the API answers is not known: ask it from where it can be reached (quickturn verify --smoke). --no-verify does not ask.",
} as const;

/**
 * Looks whether a rollback brought about what was asked, and says how long it took. Exit code: 0 it is so, 1 it is not, 3 it is
 * applied and the API cannot be asked from here.
 */
export async function verifiedRollback(context: CommandContext, result: CommandResult, { to, seconds, verify, settings = {}, outputs = {}, newest = false }: RolledBack): Promise<CommandResult> {
  const { outputs: there = {} } = result.json as { outputs?: Readonly<Record<string, unknown>> };
  const inEffect = (there["settings"] ?? {}) as Readonly<Record<string, unknown>>;
  const differing = [...differences(settings, inEffect), ...differences(outputs, there), ...(newest ? heldBackVersions(there) : [])];
  const health = verify ? await askHealth(context, there) : undefined;
  const verdict = differing.length > 0 || health?.verdict === "fail" ? "failed" : health?.verdict === "error" ? "unknown" : "good";
  const rounded = Number(seconds.toFixed(1));
  const done = `Rolled back to ${to} in ${rounded.toFixed(1)} s.`;
  if (!verify) return { ...result, text: `${done}\n${result.text}`, json: { ...(result.json as object), to, seconds: rounded } };
  const checks = [...differing, ...(health === undefined ? [] : [`health: ${health.seen}`])];
  const text = [`${done}${FOUND[verdict]}`, ...checks, result.text].join("\n");
  const exitCode = { good: result.exitCode, failed: 1, unknown: 3 }[verdict];
  return { exitCode, text, json: { ...(result.json as object), to, seconds: rounded, verified: verdict === "unknown" ? null : verdict === "good", checks } };
}

function differences(asked: Readonly<Record<string, unknown>>, there: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(asked).flatMap(([name, value]) => (there[name] === value ? [] : [`${name} is ${JSON.stringify(there[name]) ?? "missing"}; expected ${JSON.stringify(value)}`]));
}

/** An alias that is pinned to an older version keeps callers from what was applied. */
function heldBackVersions(there: Readonly<Record<string, unknown>>): string[] {
  return VERSIONS.flatMap(([name, live, newest]) =>
    there[live] === there[newest] ? [] : [`callers of the ${name} still get version ${String(there[live])}, which is pinned; what was asked for is version ${String(there[newest])}: quickturn apply --var ${live}=null makes it live`],
  );
}

/** The one route that anybody may ask. */
async function askHealth({ signal }: CommandContext, outputs: Readonly<Record<string, unknown>>): Promise<{ readonly verdict: string; readonly seen: string } | undefined> {
  const endpoint = outputs["api_endpoint"];
  if (typeof endpoint !== "string" || !/^https?:\/\//.test(endpoint)) return undefined;
  const region = String((outputs["settings"] as { aws_region?: unknown } | undefined)?.aws_region ?? "");
  return checkHealth(await new ApiProbe(endpoint.replace(/\/+$/, ""), region, signal, 10_000).call({ method: "GET", route: "/api/v1/health", caller: { kind: "anonymous" } }));
}
