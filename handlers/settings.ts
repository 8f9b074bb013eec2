import { parseAgents, parseArbiter } from "./agents/definitions";
import type {
  AgentDefinition,
  ApiEnvironment,
  ArbiterDefinition,
  AuthorizerEnvironment,
  CommonEnvironment,
  SweeperEnvironment,
  WorkerEnvironment,
} from "./environment";
import type { AgentPolicy } from "./agents/orchestration";

/** Variables as the process has them. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** How callers prove who they are. */
export const AUTHORIZATIONS = ["iam", "api_key", "jwt", "none"] as const;
export type Authorization = (typeof AUTHORIZATIONS)[number];

/** How many agents of a phase must succeed. */
const POLICIES = ["all", "quorum", "any"] as const satisfies readonly AgentPolicy[];

interface CommonSettings {
  /** Dimension of every metric. */
  readonly deployment: string;
  readonly requestsTable: string;
}

/** The front door's settings. */
export interface ApiSettings extends CommonSettings {
  readonly authorization: Authorization;
  /** Lower-case hex; "" where no distribution stands in front. */
  readonly originSecretSha256: string;
  readonly callerQuotaPerDay: number;
  /** 0 = nothing is kept. */
  readonly queryCacheTtlSeconds: number;
  readonly requestDeadlineSeconds: number;
  readonly requestRetentionDays: number;
  readonly resultsBucket: string;
  readonly workQueueUrl: string;
}

/** The worker's settings. */
export interface WorkerSettings extends CommonSettings {
  readonly agentPolicy: AgentPolicy;
  /** 0 = more than half. */
  readonly agentQuorum: number;
  readonly agents: readonly AgentDefinition[];
  readonly arbiter?: ArbiterDefinition;
  /** 0 = all agents of a phase at once. */
  readonly maxParallelAgents: number;
  /** 0 = nothing is kept. */
  readonly queryCacheTtlSeconds: number;
  readonly resultsBucket: string;
  readonly sessionsTable: string;
  readonly workQueueArn: string;
  readonly workQueueUrl: string;
}

/** The sweeper's settings. */
export interface SweeperSettings extends CommonSettings {
  readonly deadLetterQueueArn: string;
  readonly workQueueUrl: string;
}

/** The authorizer's settings. */
export interface AuthorizerSettings {
  readonly deployment: string;
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly scopes: readonly string[];
  readonly clockSkewSeconds: number;
}

/** Reads the front door's settings. Throws one error that names every variable that is missing or wrong. */
export function readApiSettings(variables: Variables): ApiSettings {
  const read = new Reader<ApiEnvironment>(variables);
  const settings = {
    ...common(read),
    authorization: read.one("AUTHORIZATION", AUTHORIZATIONS),
    callerQuotaPerDay: read.whole("CALLER_QUOTA_PER_DAY", 0),
    originSecretSha256: read.matching(
      "ORIGIN_SECRET_SHA256",
      /^([0-9a-f]{64}(,[0-9a-f]{64})?)?$/,
      "64 lower-case hex digits, twice with a comma between while the secret is replaced, or empty",
    ),
    queryCacheTtlSeconds: read.whole("QUERY_CACHE_TTL_SECONDS", 0),
    requestDeadlineSeconds: read.whole("REQUEST_DEADLINE_SECONDS", 1),
    requestRetentionDays: read.whole("REQUEST_RETENTION_DAYS", 1),
    resultsBucket: read.text("RESULTS_BUCKET"),
    workQueueUrl: read.matching("WORK_QUEUE_URL", ...URL),
  };
  read.finish();
  return settings;
}

/** Reads the worker's settings. Throws one error that names every variable that is missing or wrong. */
export function readWorkerSettings(variables: Variables): WorkerSettings {
  const read = new Reader<WorkerEnvironment>(variables);
  const arbiter = read.parsed("ARBITER", parseArbiter, undefined);
  const settings = {
    ...common(read),
    agentPolicy: read.one("AGENT_POLICY", POLICIES),
    agentQuorum: read.whole("AGENT_QUORUM", 0),
    agents: read.parsed("AGENTS", parseAgents, []),
    ...(arbiter && { arbiter }),
    maxParallelAgents: read.whole("MAX_PARALLEL_AGENTS", 0),
    queryCacheTtlSeconds: read.whole("QUERY_CACHE_TTL_SECONDS", 0),
    resultsBucket: read.text("RESULTS_BUCKET"),
    sessionsTable: read.text("SESSIONS_TABLE"),
    workQueueArn: read.matching("WORK_QUEUE_ARN", ...QUEUE_ARN),
    workQueueUrl: read.matching("WORK_QUEUE_URL", ...URL),
  };
  read.finish();
  return settings;
}

/** Reads the sweeper's settings. Throws one error that names every variable that is missing or wrong. */
export function readSweeperSettings(variables: Variables): SweeperSettings {
  const read = new Reader<SweeperEnvironment>(variables);
  const settings = {
    ...common(read),
    deadLetterQueueArn: read.matching("DEAD_LETTER_QUEUE_ARN", ...QUEUE_ARN),
    workQueueUrl: read.matching("WORK_QUEUE_URL", ...URL),
  };
  read.finish();
  return settings;
}

/** Reads the authorizer's settings. Throws one error that names every variable that is missing or wrong. */
export function readAuthorizerSettings(variables: Variables): AuthorizerSettings {
  const read = new Reader<AuthorizerEnvironment>(variables);
  const settings = {
    deployment: read.text("DEPLOYMENT"),
    issuer: read.matching("JWT_ISSUER", /^https:\/\/[^\s?#@]+$/, "an https URL without user, query and fragment"),
    audiences: read.parsed("JWT_AUDIENCES", (text) => parseTexts(text, 1), []),
    scopes: read.parsed("JWT_SCOPES", (text) => parseTexts(text, 0), []),
    clockSkewSeconds: read.whole("JWT_CLOCK_SKEW_SECONDS", 0),
  };
  read.finish();
  return settings;
}

/** Without an audience a token that the issuer made for another service would do here. */
function parseTexts(text: string, atLeast: number): string[] {
  const value: unknown = JSON.parse(text);
  if (
    !Array.isArray(value) ||
    value.length < atLeast ||
    !value.every((each) => typeof each === "string" && each !== "")
  )
    throw new Error(`allowed: a JSON array of at least ${atLeast} texts`);
  return value as string[];
}

const URL = [/^https?:\/\/\S+$/, "a URL"] as const;
const QUEUE_ARN = [/^arn:[\w-]+:sqs:[\w-]*:\d{12}:[\w-]+$/, "the ARN of an SQS queue"] as const;

function common(read: Reader<CommonEnvironment>): CommonSettings {
  return { deployment: read.text("DEPLOYMENT"), requestsTable: read.text("REQUESTS_TABLE") };
}

/** Reads variables of one contract and collects what is wrong with them, to be told at once. */
class Reader<Environment extends object> {
  private readonly problems: string[] = [];

  constructor(private readonly variables: Variables) {}

  text(name: keyof Environment & string): string {
    return this.matching(name, /\S/, "a name");
  }

  matching(name: keyof Environment & string, pattern: RegExp, allowed: string): string {
    const value = this.variables[name];
    if (value === undefined) this.problems.push(`${name} is missing`);
    else if (!pattern.test(value)) this.problems.push(`${name} is ${JSON.stringify(value)}, but must be ${allowed}`);
    return value ?? "";
  }

  one<T extends string>(name: keyof Environment & string, allowed: readonly T[]): T {
    return this.matching(name, new RegExp(`^(${allowed.join("|")})$`), `one of ${allowed.join(", ")}`) as T;
  }

  whole(name: keyof Environment & string, minimum: number): number {
    const value = this.matching(name, /^\d{1,9}$/, `a whole number from ${minimum}`);
    if (/^\d{1,9}$/.test(value) && Number(value) < minimum)
      this.problems.push(`${name} is ${value}, but must be at least ${minimum}`);
    return Number(value);
  }

  parsed<T>(name: keyof Environment & string, parse: (text: string) => T, otherwise: T): T {
    const value = this.variables[name];
    if (value === undefined) this.problems.push(`${name} is missing`);
    else {
      try {
        return parse(value);
      } catch (error) {
        this.problems.push(`${name}: ${(error as Error).message}`);
      }
    }
    return otherwise;
  }

  finish(): void {
    if (this.problems.length === 0) return;
    throw new Error(
      `The function's environment is incomplete: ${this.problems.join("; ")}. ` +
        "The stack writes these variables: apply it again.",
    );
  }
}
