import { ApiProbe, type ProbeAnswer, type ProbeCaller } from "../kit/api-client";
import { credentialsIn, findCredentials } from "../kit/aws-client";
import { UsageError, type CommandContext } from "../kit/context";
import { randomUUID } from "node:crypto";
import {
  checkAnonymous,
  checkCache,
  checkEnd,
  checkHealth,
  checkInvoke,
  checkMalformed,
  checkNoStore,
  checkOtherCaller,
  checkUnknown,
  hasEnded,
  retryAfterSeconds,
  unchecked,
  type SmokeCheck,
} from "./smoke-checks";
import { worstVerdict, type Verdict } from "./judge";
import { parseDurationSeconds } from "../kit/given-setting";
import type { DeployedStack } from "../kit/deployed-stack";
import type { GateTask } from "./gate";

/** Callers that options name; the environment names those that are left out here. */
interface CallerOptions {
  readonly region: string;
  readonly apiKey?: string | undefined;
  readonly otherApiKey?: string | undefined;
  /** AWS profile of a second caller. */
  readonly otherProfile?: string | undefined;
}

/** Callers of a running API. */
interface GivenCallers {
  readonly owner: ProbeCaller;
  /** A second caller who may call; undefined = nobody was named. */
  readonly other: ProbeCaller | undefined;
}

/**
 * Finds callers for an API's access mode: with given keys or tokens, else with the credentials that AWS tools find.
 * @param authorization value of the setting
 */
export async function findCallers(
  { environment }: CommandContext,
  authorization: unknown,
  { region, apiKey, otherApiKey, otherProfile }: CallerOptions,
): Promise<GivenCallers> {
  if (authorization === "none") return { owner: { kind: "anonymous" }, other: undefined };
  if (authorization === "api_key") {
    const [key, otherKey] = [
      apiKey ?? environment["QUICKTURN_API_KEY"],
      otherApiKey ?? environment["QUICKTURN_OTHER_API_KEY"],
    ];
    if (!key)
      throw new UsageError(
        "authorization is api_key, and no key was given; give one as QUICKTURN_API_KEY. The output api_key_ids " +
          "names them, and aws apigateway get-api-key --include-value shows one.",
      );
    return { owner: { kind: "key", apiKey: key }, other: otherKey ? { kind: "key", apiKey: otherKey } : undefined };
  }
  if (authorization === "jwt") {
    const { QUICKTURN_TOKEN: token, QUICKTURN_OTHER_TOKEN: otherToken } = environment;
    if (!token)
      throw new UsageError(
        "authorization is jwt, and no token was given; give one of jwt_issuer as QUICKTURN_TOKEN, and a second " +
          "caller's as QUICKTURN_OTHER_TOKEN.",
      );
    return { owner: { kind: "token", token }, other: otherToken ? { kind: "token", token: otherToken } : undefined };
  }
  const others =
    otherProfile === undefined
      ? credentialsIn(environment, "OTHER_")
      : await findCredentials({ environment, region }, otherProfile);
  return {
    owner: { kind: "iam", credentials: await findCredentials({ environment, region }) },
    other: others && { kind: "iam", credentials: others },
  };
}

/** What the checklist found. */
export interface SmokeReport {
  readonly verdict: Verdict;
  readonly endpoint: string;
  readonly checks: readonly SmokeCheck[];
}

const PROMPT = "Say that you are there.";
const TIMEOUT = "5m";
/** A cache keeps answers at its best effort, each of its nodes apart. */
const CACHE_TRIES = 5;
const STATUS = "/api/v1/status";
const ANONYMOUS: ProbeCaller = { kind: "anonymous" };

interface Run extends GivenCallers, Pick<GateTask, "context" | "clock"> {
  readonly probe: ApiProbe;
  readonly settings: DeployedStack["settings"];
  readonly prompt: string;
  readonly timeoutMs: number;
}

/** Goes through the checklist after a deployment: asks the API as its callers do. It runs the agents once. */
export async function runSmoke({ context, stack, options, clock }: GateTask): Promise<SmokeReport> {
  const { outputs, settings, region } = stack;
  const endpoint = options.url ?? outputs["api_endpoint"];
  if (typeof endpoint !== "string" || !/^https?:\/\//.test(endpoint))
    throw new UsageError(
      options.url === undefined
        ? `The output api_endpoint is ${JSON.stringify(endpoint) ?? "missing"}; allowed: a URL. Apply first: ` +
            "quickturn apply."
        : `--url is ${JSON.stringify(endpoint)}; allowed: the URL of the API's stage, such as ` +
            "http://127.0.0.1:8080/live.",
    );
  const url = endpoint.replace(/\/+$/, "");
  const run: Run = {
    context,
    clock,
    settings,
    probe: new ApiProbe({ url, region, signal: context.signal }),
    ...(await findCallers(context, settings["authorization"], { ...options, region })),
    prompt: options.prompt ?? PROMPT,
    timeoutMs: parseDurationSeconds("smoke-timeout", options.smokeTimeout ?? TIMEOUT) * 1_000,
  };
  const checks = await context.progress.step(
    `Ask ${url}`,
    (detail) => askAll(run, detail),
    (made) => `${made.filter(({ verdict }) => verdict === "pass").length} of ${made.length} checks pass`,
  );
  return { verdict: worstVerdict(checks.map(({ verdict }) => verdict)), endpoint: url, checks };
}

async function askAll(run: Run, detail: (text: string) => void): Promise<SmokeCheck[]> {
  const { probe, owner } = run;
  detail("health");
  const health = checkHealth(await probe.call({ method: "GET", route: "/api/v1/health", caller: ANONYMOUS }));
  // Each further call would wait for the host that does not answer.
  if (health.verdict === "error")
    return [
      health,
      ...["invoke", "result", "cache", "other caller", "anonymous", "malformed body", "unknown id", "no-store"].map(
        (name) => unchecked(name, "error", "not tried, because health got no answer"),
      ),
    ];
  detail("invoke");
  const accepted = await probe.call({
    method: "POST",
    route: "/api/v1/invoke",
    body: JSON.stringify({ prompt: run.prompt }),
    caller: owner,
  });
  const invoke = checkInvoke(accepted);
  const requestId = (accepted.body as { request_id?: unknown } | undefined)?.request_id;
  const id = invoke.verdict === "pass" && typeof requestId === "string" ? requestId : undefined;
  const result =
    id === undefined
      ? unchecked("result", "error", "not tried, because invoke did not pass")
      : await followRequest(run, id, detail);
  detail("what must be refused");
  return [health, invoke, result, await askCache(run), await askAsOther(run, id), ...(await askRefusals(run))];
}

async function followRequest(
  { probe, owner, clock, context, timeoutMs }: Run,
  id: string,
  detail: (text: string) => void,
): Promise<SmokeCheck> {
  const startedMs = clock.nowMs();
  for (;;) {
    const answer = await probe.call({ method: "GET", route: `${STATUS}/${id}`, caller: owner });
    const waitedMs = clock.nowMs() - startedMs;
    if (hasEnded(answer) || answer.status !== 200 || waitedMs >= timeoutMs) return checkEnd(answer, waitedMs);
    detail(
      `the request is ${String((answer.body as { status?: unknown }).status)} for ${(waitedMs / 1_000).toFixed(0)} s`,
    );
    await clock.sleep(Math.max(500, Math.min(retryAfterSeconds(answer) * 1_000, timeoutMs - waitedMs)), context.signal);
  }
}

async function askCache({ probe, owner, settings }: Run): Promise<SmokeCheck> {
  if (settings["cache_enabled"] !== true || settings["cache_cluster_enabled"] === false)
    return unchecked("cache", "not applicable", "not applicable: cache_enabled is false");
  const pairs: (readonly [ProbeAnswer, ProbeAnswer])[] = [];
  while (pairs.length < CACHE_TRIES) {
    const ask = { method: "GET", route: `${STATUS}/${randomUUID()}`, caller: owner } as const;
    pairs.push([await probe.call(ask), await probe.call(ask)]);
    if (checkCache(pairs).verdict !== "inconclusive") break;
  }
  return checkCache(pairs);
}

async function askAsOther({ probe, other, settings }: Run, id: string | undefined): Promise<SmokeCheck> {
  const name = "other caller";
  if (settings["authorization"] === "none")
    return unchecked(
      name,
      "not applicable",
      "not applicable: authorization is none, so that callers cannot be distinguished",
    );
  if (other === undefined)
    return unchecked(
      name,
      "inconclusive",
      "not checked: name a second caller by --other-profile, OTHER_AWS_ACCESS_KEY_ID and " +
        "OTHER_AWS_SECRET_ACCESS_KEY, --other-api-key, or QUICKTURN_OTHER_TOKEN",
    );
  if (id === undefined) return unchecked(name, "error", "not tried, because invoke did not pass");
  return checkOtherCaller(await probe.call({ method: "GET", route: `${STATUS}/${id}`, caller: other }));
}

/** Asks what must be refused. Even where anybody may call, the malformed body starts no agent. */
async function askRefusals({ probe, owner, settings }: Run): Promise<SmokeCheck[]> {
  const [unknown, malformed] = [`${STATUS}/${randomUUID()}`, '{"prompt":1}'];
  const bad = await probe.call({ method: "POST", route: "/api/v1/invoke", body: malformed, caller: owner });
  const missing = await probe.call({ method: "GET", route: unknown, caller: owner });
  const open = settings["authorization"] === "none";
  const read = open ? undefined : await probe.call({ method: "GET", route: unknown, caller: ANONYMOUS });
  const post = open
    ? undefined
    : await probe.call({ method: "POST", route: "/api/v1/invoke", body: malformed, caller: ANONYMOUS });
  const anonymous =
    read && post
      ? checkAnonymous(read, post, settings["authorization"] === "jwt" ? 401 : 403)
      : unchecked("anonymous", "not applicable", "not applicable: authorization is none");
  return [anonymous, checkMalformed(bad), checkUnknown(missing), checkNoStore([bad, ...(read ? [read] : [])])];
}
