import type { CanaryRecord, Release, Versions } from "../../../stacks/settings";
import type { Stamp } from "../../judges/canary/release";
import type { Verdict } from "../../judges/gate/verdict";
import type { Plan } from "../write-plan";
import type { Clock } from "../verify/gate";

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
