import type { CanaryRecord, Release, Versions } from "../../stacks/contract/settings";
import { type Stamp, FUNCTIONS, versionsBy, type FunctionName, LIVE_SETTINGS } from "./release";
import type { Verdict } from "../gate/judge";
import type { Plan } from "./write-plan";
import type { Clock } from "../gate/gate";
import type { Present } from "./canary-machine";
import { UsageError } from "../kit/context";
import { appliedRelease } from "./live-file";

/** Values of the stack's outputs, by name; none where nothing is applied. */
export type Outputs = Readonly<Record<string, unknown>>;

/** A plan, as a canary looks at it. */
export interface CanaryPlan extends Plan {
  /** The newest version of each function as AWS has it now; null where the plan publishes one. */
  readonly newest: Versions;
  /** What reaches all callers at once. */
  readonly reachesAll: Plan["changes"];
  /** The outputs as they are once it is made: of the state that it was made against, or of a later one. */
  readonly before: Outputs;
}

export type PlanMode = "publish" | "aliases";

/** What is applied, and how it is changed. */
export interface Deployment {
  outputs(): Promise<Outputs>;
  /**
   * `publish`: the configuration as it is now and the release. `aliases`: what is applied already and the release, the
   * functions left alone, so that it works from any checkout and any machine.
   */
  plan(release: Release, mode: PlanMode): Promise<CanaryPlan>;
  /** Writes the live file, then applies exactly the last plan. */
  apply(release: Release): Promise<void>;
  /** Writes the live file alone. */
  keep(release: Release): Promise<void>;
}

/** What a look at the metrics found. */
export interface Look {
  readonly verdict: Verdict;
  /** Figures, for a person. */
  readonly reason: string;
}

/** Says whether the candidates are good. */
export interface Judge {
  /** Of the step that is in effect; each look sees more. */
  open(canary: CanaryRecord, outputs: Outputs): Promise<{ look(): Promise<Look> }>;
}

/** One thing that happened. */
export interface TimelineEvent {
  /** ISO 8601, in UTC. */
  readonly at: string;
  readonly what: "published" | "weight" | "verdict" | "ended";
  /** Percent of the traffic that the candidates have. */
  readonly weight: number;
  readonly candidate: Versions;
  readonly stable: Versions;
  readonly says: string;
}

/** Everything that a canary needs from outside. */
export interface Ports {
  readonly deployment: Deployment;
  readonly judge: Judge;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Names this run. */
  readonly writer: string;
  /** Shows an event as it happens. */
  readonly tell: (event: TimelineEvent) => void;
  /** Shows what a wait waits for. */
  readonly detail: (text: string) => void;
}

/** Now, and in whose name. */
export const stampOf = ({ clock, writer }: Pick<Ports, "clock" | "writer">): Stamp => ({
  at: new Date(clock.nowMs()).toISOString(),
  writer,
});

const OUTPUTS: Readonly<
  Record<FunctionName, { readonly live: string; readonly newest: string; readonly name: string }>
> = {
  worker: { live: "live_version", newest: "newest_version", name: "worker_function_name" },
  api: { live: "api_live_version", newest: "api_newest_version", name: "api_function_name" },
};

/** What is applied, as far as a canary asks. */
export interface Applied extends Present {
  readonly deployment: string;
  /** null where none was ever applied. */
  readonly release: Release | null;
  /** Functions whose newest version has a weight. */
  readonly weighted: readonly FunctionName[];
}

/** Reads it from the outputs. Throws {@link UsageError} where there is nothing, or something else. */
export function appliedOf(outputs: Outputs): Applied {
  const deployment = outputs["deployment_name"];
  const settings = outputs["settings"] as Readonly<Record<string, unknown>> | undefined;
  if (typeof deployment !== "string" || settings === undefined)
    throw new UsageError(
      "Nothing is applied yet, so that nothing is live beside which a new version could be tried. The first time: quickturn apply.",
    );
  const setting = (name: string) => Number(settings[name] ?? 0);
  return {
    deployment,
    live: versionsOf(outputs, "live"),
    newest: versionsOf(outputs, "newest"),
    provisioned: versionsBy((name) => setting(LIVE_SETTINGS[name].provisioned) || null),
    release: appliedRelease(outputs),
    weighted: FUNCTIONS.filter((name) => setting(LIVE_SETTINGS[name].weight) > 0),
  };
}

function versionsOf(outputs: Outputs, which: "live" | "newest"): Versions {
  return versionsBy((name) => {
    const output = OUTPUTS[name][which];
    const version = Number(outputs[output]);
    if (!Number.isInteger(version) || version < 1)
      throw new UsageError(
        `The output ${output} is ${JSON.stringify(outputs[output]) ?? "missing"}; allowed: a version's number. Apply this release first: quickturn apply.`,
      );
    return version;
  });
}

/** What a person can type where terraform itself fails: the alias as it is to be, without terraform. */
export function byHand(outputs: Outputs, stable: Versions): string {
  const lines = FUNCTIONS.flatMap((name) =>
    stable[name] === null
      ? []
      : [
          `  aws lambda update-alias --function-name ${String(outputs[OUTPUTS[name].name])} --name live --function-version ${stable[name]} --routing-config AdditionalVersionWeights={}`,
        ],
  );
  return ["  quickturn canary --abort --auto-approve", ...lines].join("\n");
}
