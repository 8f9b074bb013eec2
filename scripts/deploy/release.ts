import {
  type CanaryRecord,
  type Release,
  type ReleaseEvent,
  type Versions,
  SETTINGS,
  type Setting,
} from "../../stacks/contract/settings";
import { variableName } from "../kit/given-setting";
import { planChanges, type ResourceChange } from "../kit/plan-changes";

/** The functions whose versions move, by the names that a release has for them. */
export const FUNCTIONS = ["worker", "api"] as const;
export type FunctionName = (typeof FUNCTIONS)[number];

/** No version of any. */
export const NO_VERSIONS: Versions = { worker: null, api: null };

/** Entries that a release remembers. */
export const HISTORY_LENGTH = 20;

/** Who changes a release, and when. */
export interface Stamp {
  /** ISO 8601, in UTC. */
  readonly at: string;
  /** Of the run, so that two at once find each other. */
  readonly writer: string;
}

/** A release that nothing has happened to. */
export const emptyRelease = (deployment: string): Release => ({
  deployment,
  serial: 0,
  writer: "",
  pinned: NO_VERSIONS,
  canary: null,
  history: [],
});

/** The versions of each function, made by one rule. */
export const versionsBy = (of: (name: FunctionName) => number | null): Versions => ({
  worker: of("worker"),
  api: of("api"),
});

/** The functions of which there is a version. */
export const named = (versions: Versions): FunctionName[] => FUNCTIONS.filter((name) => versions[name] !== null);

/** The same release, changed: its serial grows, so that whoever holds the old one sees it. */
export function changed(
  release: Release,
  { writer }: Stamp,
  change: Partial<Pick<Release, "pinned" | "canary" | "history">>,
): Release {
  return { ...release, ...change, serial: release.serial + 1, writer };
}

/** The history with one more entry; the oldest ones are forgotten. */
export function remembered({ history }: Release, entry: ReleaseEvent): readonly ReleaseEvent[] {
  return [...history, entry].slice(-HISTORY_LENGTH);
}

/** An entry about a canary. */
export function entryOf(
  { candidate, stable }: CanaryRecord,
  event: ReleaseEvent["event"],
  at: string,
  weight: number,
  reason = "",
): ReleaseEvent {
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

/** Whether callers get a candidate. */
export const isShifted = (release: Release | null): boolean => release?.canary?.phase === "shift";

/** Whether two are the same writing of the same release. */
export const isSame = (one: Release | null, other: Release | null): boolean =>
  one?.serial === other?.serial && one?.writer === other?.writer;

/** The settings of each function that decide which version callers get. */
export const LIVE_SETTINGS: Readonly<
  Record<FunctionName, { readonly version: string; readonly weight: string; readonly provisioned: string }>
> = {
  worker: { version: "live_version", weight: "canary_weight", provisioned: "provisioned_concurrent_executions" },
  api: {
    version: "api_live_version",
    weight: "api_canary_weight",
    provisioned: "api_provisioned_concurrent_executions",
  },
};

/**
 * What a release asks for, as values of settings. What it says nothing about is left out, so that other files and
 * the environment still decide it: without a pin the newest version is live.
 */
export function liveVariables({ canary, pinned }: Release): Readonly<Record<string, number>> {
  return Object.assign({}, ...FUNCTIONS.map((name) => ofFunction(name, canary, pinned[name]))) as Record<
    string,
    number
  >;
}

function ofFunction(name: FunctionName, canary: Release["canary"], pinned: number | null): Record<string, number> {
  const { version, weight, provisioned } = LIVE_SETTINGS[name];
  const stable = canary?.stable[name] ?? null;
  if (canary === null || stable === null) return pinned === null ? {} : { [version]: pinned };
  const percent = weightOf(canary);
  // All of the traffic is no weight but no pin: the state that a deployment rests in.
  if (percent === 100) return {};
  // Lambda takes no provisioned concurrency on an alias with weights.
  const without = canary.phase === "shift" && canary.provisioned[name] !== null ? { [provisioned]: 0 } : {};
  return { [version]: stable, [weight]: percent / 100, ...without };
}

/** The live file: what is live, and why. The same release gives the same bytes. */
export function liveFile(release: Release): string {
  return `${JSON.stringify({ ...liveVariables(release), release }, null, 2)}\n`;
}

/**
 * The same with nothing left out: as the last file, it wins over every other that says something about it. `-var` takes
 * no null for a number.
 */
export function wholeLiveFile(release: Release): string {
  const nothing = Object.fromEntries(
    FUNCTIONS.flatMap((name) => [
      [LIVE_SETTINGS[name].version, null],
      [LIVE_SETTINGS[name].weight, 0],
    ]),
  );
  return `${JSON.stringify({ ...nothing, ...liveVariables(release), release }, null, 2)}\n`;
}

/** Provisioned concurrency that must be off, as arguments of `-var`: a person may have given another value that way. */
export function liveArguments(release: Release): readonly string[] {
  const given = liveVariables(release);
  return FUNCTIONS.map((name) => LIVE_SETTINGS[name].provisioned).flatMap((name) =>
    given[name] === undefined ? [] : [`${name}=${given[name]}`],
  );
}

/** Names of the settings that decide which version is live: no person gives them beside a canary. */
export const LIVE_NAMES: readonly string[] = [
  ...FUNCTIONS.flatMap((name) => [LIVE_SETTINGS[name].version, LIVE_SETTINGS[name].weight]),
  "release",
];

/**
 * The settings in effect as a tfvars document, without those that say what is live: applied again, they change
 * nothing. Provisioned concurrency that a canary took away is there as it was before.
 * @param settings the output `settings`
 */
export function settingsInEffect(settings: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const known = SETTINGS.filter((setting: Setting) => !setting.sensitive && !LIVE_NAMES.includes(setting.name)).map(
    ({ name }) => name as string,
  );
  const release = settings["release"] as Release | null | undefined;
  const taken = FUNCTIONS.flatMap((name) => {
    const before = release?.canary?.provisioned[name] ?? null;
    const { provisioned } = LIVE_SETTINGS[name];
    return before !== null && settings[provisioned] === 0 ? [[provisioned, before] as const] : [];
  });
  return {
    ...Object.fromEntries(known.filter((name) => name in settings).map((name) => [name, settings[name]])),
    ...Object.fromEntries(taken),
  };
}

/** Which release is the true one. */
export interface ChosenRelease {
  /** null where nothing was ever pinned or released. */
  readonly release: Release | null;
  /** `file`: it was written before an apply that did not end, or without the file; `state`: as it is applied. */
  readonly from: "file" | "state" | "nothing";
}

/**
 * The state is the truth: it is what is applied. The file wins only where it is of the same deployment and newer,
 * because it is written before each apply.
 * @param deployment `<name>-<environment>` of the state; null where nothing is applied
 */
export function chooseRelease(file: Release | null, state: Release | null, deployment: string | null): ChosenRelease {
  const ours = (release: Release | null) => (release !== null && release.deployment === deployment ? release : null);
  const [written, applied] = [ours(file), ours(state)];
  if (written !== null && written.serial > (applied?.serial ?? 0)) return { release: written, from: "file" };
  return applied === null ? { release: null, from: "nothing" } : { release: applied, from: "state" };
}

/** What a person is told where a release decides something that they do not see; undefined where it does not. */
export function inEffect({ release }: ChosenRelease): string | undefined {
  if (release === null) return undefined;
  if (release.canary !== null)
    return `A canary is on its way since ${release.canary.started_at}: quickturn canary --resume goes on with it, --abort takes it back.`;
  const pins = [
    ...(release.pinned.worker === null ? [] : [`live_version=${release.pinned.worker}`]),
    ...(release.pinned.api === null ? [] : [`api_live_version=${release.pinned.api}`]),
  ];
  if (pins.length === 0) return undefined;
  const last = release.history.findLast(({ event }) => ["rolled_back", "aborted", "rollback"].includes(event));
  const why = last === undefined ? "" : `, since ${last.at}${last.reason === "" ? "" : `: ${last.reason}`}`;
  const free = pins.map((pin) => `--var ${pin.replace(/=.*/, "=null")}`).join(" ");
  return `Pinned by live.tfvars.json: ${pins.join(", ")}${why}. A newer version is published and not live; quickturn canary makes it live step by step, quickturn apply ${free} at once.`;
}

/**
 * The release without the pins that a person overrides by `--var`: else the next apply without it would pin again.
 * @param vars `name=value`
 */
export function withoutOverridden(release: Release, vars: readonly string[], writer: string): Release {
  const names = vars.map(variableName);
  const { worker, api } = release.pinned;
  const pinned = {
    worker: names.includes("live_version") ? null : worker,
    api: names.includes("api_live_version") ? null : api,
  };
  return pinned.worker === worker && pinned.api === api
    ? release
    : { ...release, pinned, serial: release.serial + 1, writer };
}

/** Terraform's addresses, which are contracts. */
export const FUNCTION_ADDRESSES: Readonly<Record<FunctionName, string>> = {
  worker: "aws_lambda_function.worker_function",
  api: "aws_lambda_function.api_function",
};

interface ShownPlan {
  readonly resource_changes?: readonly {
    readonly address: string;
    readonly change: { readonly actions: readonly string[]; readonly after_unknown: Readonly<Record<string, unknown>> };
  }[];
  readonly planned_values?: { readonly outputs?: Readonly<Record<string, { readonly value?: unknown }>> };
}

/** The functions of which a plan publishes a version: its number is known only after the apply. */
export function publishedFunctions(plan: unknown): FunctionName[] {
  const { resource_changes: changes = [] } = plan as ShownPlan;
  return FUNCTIONS.filter((name) =>
    changes.some(
      ({ address, change }) =>
        address === FUNCTION_ADDRESSES[name] &&
        !["no-op", "read"].includes(change.actions[0] ?? "no-op") &&
        change.after_unknown["version"] === true,
    ),
  );
}

/**
 * The newest versions after a plan, as far as it knows them: a run that was killed may have published one that the
 * state does not have.
 */
export function plannedNewest(plan: unknown): Versions {
  const outputs = (plan as ShownPlan).planned_values?.outputs ?? {};
  return versionsBy(
    (name) => Number(outputs[name === "worker" ? "newest_version" : "api_newest_version"]?.value ?? NaN) || null,
  );
}

/** Types that hold a version back from callers, or only lead to one: what changes in them, the canary decides. */
const OF_VERSIONS = new Set(["aws_lambda_function", "aws_lambda_alias", "aws_lambda_provisioned_concurrency_config"]);

/** What of a plan reaches all callers at once, because it is no version. */
export function reachesAll(plan: unknown): ResourceChange[] {
  return planChanges(plan).filter(({ type, address, attributes }) => {
    // The sweeper has no alias, and a reservation is the whole function's.
    if (type === "aws_lambda_function")
      return (
        !Object.values(FUNCTION_ADDRESSES).includes(address) || attributes.includes("reserved_concurrent_executions")
      );
    return !OF_VERSIONS.has(type);
  });
}
