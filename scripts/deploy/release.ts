import {
  type CanaryRecord,
  type Release,
  type ReleaseEvent,
  type Versions,
  SETTINGS,
  type Setting,
} from "../../stacks/contract/settings";

/** The functions that have versions, as a release names them: the worker and the front door. */
export const FUNCTIONS = ["worker", "api"] as const;
export type FunctionName = (typeof FUNCTIONS)[number];

/** What the stack calls the things of one function. */
interface StackNames {
  /** Setting that pins the alias to a version, and the output with the version behind the alias. */
  readonly version: string;
  /** Setting: share of the traffic, 0 to 1, that the newest version gets. */
  readonly weight: string;
  /** Setting: provisioned concurrency. */
  readonly provisioned: string;
  /** Output: the newest version. */
  readonly newest: string;
  /** Output: the name of the Lambda function. */
  readonly functionName: string;
  /** Terraform's address of the function, which is a contract. */
  readonly address: string;
}

export const NAMES_IN_STACK: Readonly<Record<FunctionName, StackNames>> = {
  worker: {
    version: "live_version",
    weight: "canary_weight",
    provisioned: "provisioned_concurrent_executions",
    newest: "newest_version",
    functionName: "worker_function_name",
    address: "aws_lambda_function.worker_function",
  },
  api: {
    version: "api_live_version",
    weight: "api_canary_weight",
    provisioned: "api_provisioned_concurrent_executions",
    newest: "api_newest_version",
    functionName: "api_function_name",
    address: "aws_lambda_function.api_function",
  },
};

/** Settings that decide which version is live. A canary sets them, so nobody may give them to it. */
export const LIVE_SETTINGS: readonly string[] = [
  ...FUNCTIONS.flatMap((name) => [NAMES_IN_STACK[name].version, NAMES_IN_STACK[name].weight]),
  "release",
];

/** No version of any function. */
export const NO_VERSIONS: Versions = { worker: null, api: null };

/** Entries that a release remembers. */
export const HISTORY_LENGTH = 20;

/** Who changes a release, and when. */
export interface Stamp {
  /** ISO 8601, in UTC. */
  readonly at: string;
  /** Identifies the run, so that two runs at the same time notice each other. */
  readonly writer: string;
}

/** The first release of a deployment. */
export const emptyRelease = (deployment: string): Release => ({
  deployment,
  serial: 0,
  writer: "",
  pinned: NO_VERSIONS,
  canary: null,
  history: [],
});

/** Makes the versions of all functions by one rule. */
export const mapVersions = (rule: (name: FunctionName) => number | null): Versions => ({
  worker: rule("worker"),
  api: rule("api"),
});

/** Lists the functions that have a version here. */
export const functionsIn = (versions: Versions): FunctionName[] => FUNCTIONS.filter((name) => versions[name] !== null);

/** An event without its time, which the stamp gives. */
export interface EventRecord {
  readonly event: ReleaseEvent["event"];
  readonly candidate: Versions;
  readonly stable: Versions;
  /** Percent of the traffic that the candidates have from then on. Default: 0. */
  readonly weight?: number;
  /** Default: "", nothing went wrong. */
  readonly reason?: string;
}

interface ReleaseChange {
  /** Default: as before. */
  readonly pinned?: Versions;
  /** Default: as before. */
  readonly canary?: CanaryRecord | null;
  /** What the history gains; its oldest entries go. Default: nothing. */
  readonly event?: EventRecord;
}

/** Changes a release. Its serial grows, so that a run which holds the old one notices. */
export function changeRelease(
  release: Release,
  { at, writer }: Stamp,
  { event, ...change }: ReleaseChange = {},
): Release {
  const history = event === undefined ? release.history : [...release.history, historyEntry(event, at)];
  return { ...release, ...change, history: history.slice(-HISTORY_LENGTH), serial: release.serial + 1, writer };
}

function historyEntry({ event, candidate, stable, weight = 0, reason = "" }: EventRecord, at: string): ReleaseEvent {
  return {
    at,
    event,
    worker: candidate.worker,
    api: candidate.api,
    stable_worker: stable.worker,
    stable_api: stable.api,
    weight,
    reason,
  };
}

/** Percent of the traffic that the candidates have while the record is in effect. */
export const weightOf = ({ phase, steps, step }: CanaryRecord): number =>
  phase === "publish" ? 0 : (steps[step] ?? 0);

/** A release with a canary on its way. */
export type RunningRelease = Release & { readonly canary: CanaryRecord };

/** Whether a canary is on its way. */
export const isRunning = (release: Release | null): release is RunningRelease => (release?.canary ?? null) !== null;

/** Whether callers get a candidate. */
export const isShifted = (release: Release | null): boolean => release?.canary?.phase === "shift";

/** Whether both were written by the same run at the same time. */
export const isSameRelease = (a: Release | null, b: Release | null): boolean =>
  a?.serial === b?.serial && a?.writer === b?.writer;

/**
 * What a release asks for, as values of settings. A setting that the release does not decide is left out, so that files
 * and the environment still decide it: without a pin the newest version is live.
 */
export function liveVariables({ canary, pinned }: Release): Readonly<Record<string, number>> {
  const variables = FUNCTIONS.flatMap((name): (readonly [string, number])[] => {
    const { version, weight, provisioned } = NAMES_IN_STACK[name];
    const [stable, pin] = [canary?.stable[name] ?? null, pinned[name]];
    if (canary === null || stable === null) return pin === null ? [] : [[version, pin]];
    const percent = weightOf(canary);
    // All of the traffic is written as no weight and no pin: the state in which a deployment rests.
    if (percent === 100) return [];
    // Lambda refuses provisioned concurrency on an alias with weights.
    const isOff = canary.phase === "shift" && canary.provisioned[name] !== null;
    return [[version, stable], [weight, percent / 100], ...(isOff ? [[provisioned, 0] as const] : [])];
  });
  return Object.fromEntries(variables);
}

/** A tfvars document. */
export type Values = Readonly<Record<string, unknown>>;

/** The live file: what is live, and why. */
export const liveDocument = (release: Release): Values => ({ ...liveVariables(release), release });

/** The live file with every setting in it: given last, it overrules all others. Only a file can set null. */
export function completeLiveDocument(release: Release): Values {
  const nothing = FUNCTIONS.flatMap((name) => [
    [NAMES_IN_STACK[name].version, null],
    [NAMES_IN_STACK[name].weight, 0],
  ]);
  return { ...Object.fromEntries(nothing), ...liveDocument(release) };
}

/** Provisioned concurrency that must be off, as `-var` takes it: `-var` overrules what a person gave by `-var`. */
export function liveArguments(release: Release): readonly string[] {
  const variables = liveVariables(release);
  return FUNCTIONS.map((name) => NAMES_IN_STACK[name].provisioned).flatMap((name) =>
    variables[name] === undefined ? [] : [`${name}=${variables[name]}`],
  );
}

/** Provisioned concurrency that a canary has set to 0, by setting, with its value from before. */
export function suspendedConcurrency(settings: Values): Readonly<Record<string, number>> {
  const { canary = null } = (settings["release"] ?? {}) as Partial<Release>;
  const suspended = FUNCTIONS.flatMap((name) => {
    const [before, { provisioned }] = [canary?.provisioned[name] ?? null, NAMES_IN_STACK[name]];
    return before !== null && settings[provisioned] === 0 ? [[provisioned, before] as const] : [];
  });
  return Object.fromEntries(suspended);
}

/**
 * The settings in effect as a tfvars document without {@link LIVE_SETTINGS}: applied again, they change nothing.
 * Provisioned concurrency that a canary took away has its value from before.
 * @param settings the output `settings`
 */
export function settingsInEffect(settings: Values): Values {
  const known = SETTINGS.filter(
    (setting: Setting) => !setting.sensitive && !LIVE_SETTINGS.includes(setting.name) && setting.name in settings,
  ).map(({ name }) => [name, settings[name]] as const);
  return { ...Object.fromEntries(known), ...suspendedConcurrency(settings) };
}
