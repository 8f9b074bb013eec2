import { parseAgents } from "./agents/definitions";
import type { AgentDefinition, ApiEnvironment, CommonEnvironment, WorkerEnvironment } from "./environment";

/** Variables as the process has them. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** How callers prove who they are. */
export const AUTHORIZATIONS = ["iam", "api_key", "none"] as const;
export type Authorization = (typeof AUTHORIZATIONS)[number];

interface CommonSettings {
  readonly requestsTable: string;
  readonly resultsBucket: string;
}

/** The front door's settings. */
export interface ApiSettings extends CommonSettings {
  readonly authorization: Authorization;
  /** Lower-case hex; "" where no distribution stands in front. */
  readonly originSecretSha256: string;
  readonly requestRetentionDays: number;
  readonly workQueueUrl: string;
}

/** The worker's settings. */
export interface WorkerSettings extends CommonSettings {
  readonly agents: readonly AgentDefinition[];
  /** 0 = all agents of a phase at once. */
  readonly maxParallelAgents: number;
  readonly sessionsTable: string;
}

/** Reads the front door's settings. Throws one error that names every variable that is missing or wrong. */
export function readApiSettings(variables: Variables): ApiSettings {
  const read = new Reader<ApiEnvironment>(variables);
  const settings = {
    ...common(read),
    authorization: read.one("AUTHORIZATION", AUTHORIZATIONS),
    originSecretSha256: read.matching("ORIGIN_SECRET_SHA256", /^([0-9a-f]{64})?$/, "64 lower-case hex digits, or empty"),
    requestRetentionDays: read.whole("REQUEST_RETENTION_DAYS", 1),
    workQueueUrl: read.matching("WORK_QUEUE_URL", /^https?:\/\/\S+$/, "a URL"),
  };
  read.finish();
  return settings;
}

/** Reads the worker's settings. Throws one error that names every variable that is missing or wrong. */
export function readWorkerSettings(variables: Variables): WorkerSettings {
  const read = new Reader<WorkerEnvironment>(variables);
  const settings = {
    ...common(read),
    agents: read.parsed("AGENTS", parseAgents, []),
    maxParallelAgents: read.whole("MAX_PARALLEL_AGENTS", 0),
    sessionsTable: read.text("SESSIONS_TABLE"),
  };
  read.finish();
  return settings;
}

function common(read: Reader<CommonEnvironment>): CommonSettings {
  return { requestsTable: read.text("REQUESTS_TABLE"), resultsBucket: read.text("RESULTS_BUCKET") };
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
    if (/^\d{1,9}$/.test(value) && Number(value) < minimum) this.problems.push(`${name} is ${value}, but must be at least ${minimum}`);
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
    throw new Error(`The function's environment is incomplete: ${this.problems.join("; ")}. The stack writes these variables: apply it again.`);
  }
}
