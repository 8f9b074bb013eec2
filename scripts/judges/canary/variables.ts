import { SETTINGS, type Release, type Setting } from "../../../stacks/settings";
import { FUNCTIONS, weightOf, type FunctionName } from "./release";

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
