import type { ProbeCaller } from "../../scripts/kit/api-client";
import { LocalIssuer } from "./local-issuer";
import { CALLERS, LocalStack, type LocalStackOptions } from "../../scripts/local/local-stack";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startAgentServer, type AgentBehaviour, type AgentCall } from "./agent-server";
import type { CommandContext } from "../../scripts/kit/context";

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

export interface AccessStackOptions extends Pick<LocalStackOptions, "vars" | "keep"> {
  /** What the only agent answers. */
  readonly agent: (call: AgentCall) => AgentBehaviour;
}

/**
 * Gives `use` a running stack that can be flipped to every access mode, and the issuer of its callers' tokens; nothing
 * of it stays.
 */
export async function withAccessStack<T>(
  context: CommandContext,
  { agent, ...options }: AccessStackOptions,
  use: (stack: LocalStack, issuer: LocalIssuer) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "quickturn-issuer-"));
  const undo: (() => Promise<void>)[] = [async () => rmSync(folder, { recursive: true, force: true })];
  try {
    const server = await startAgentServer(agent);
    undo.push(() => server.stop());
    const issuer = await LocalIssuer.start({ directory: folder, env: context.environment });
    undo.push(() => issuer.stop());
    const agents = [{ name: "echo", kind: "http", target: `${server.url}/echo`, timeout_seconds: 10, phases: [1] }];
    const runtime = async () => ({ processVariables: { NODE_EXTRA_CA_CERTS: issuer.certificate } });
    return await LocalStack.with(context, { ...options, settings: { agents }, runtime }, (stack) => use(stack, issuer));
  } finally {
    for (const step of undo.reverse()) await step();
  }
}
