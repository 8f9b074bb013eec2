import type { Setting } from "./setting";

/** A version of each function; null = none, or not one of ours. */
export interface Versions {
  readonly worker: number | null;
  readonly api: number | null;
}

/** A canary on its way, as it is needed to resume it on another machine. Times are ISO 8601, in UTC. */
export interface CanaryRecord {
  readonly started_at: string;
  /** Percent of the traffic, ascending; the last is 100. */
  readonly steps: readonly number[];
  /** Index into `steps`. */
  readonly step: number;
  /** `publish`: the new versions are created without traffic. `shift`: they have the traffic of the step. */
  readonly phase: "publish" | "shift";
  /** When the phase or step began. */
  readonly since: string;
  /** Minimum duration of each step. */
  readonly interval_seconds: number;
  /** Time in which each step must be decided. */
  readonly deadline_seconds: number;
  readonly on_inconclusive: "rollback" | "hold";
  /** KPIs that are judged; empty = all that exist by version. */
  readonly only: readonly string[];
  /** Highest allowed ratio of the candidate's duration to the stable version's. */
  readonly max_latency_ratio: number;
  /** Versions that were live before; null for a function that does not change. */
  readonly stable: Versions;
  /** New versions; null until they are published, and for a function that does not change. */
  readonly candidate: Versions;
  /** Provisioned concurrency that was removed for the time of the canary; null = none was. */
  readonly provisioned: Versions;
}

/** A change of the live versions. */
export interface ReleaseEvent {
  readonly at: string;
  readonly event: "started" | "step" | "promoted" | "rolled_back" | "held" | "aborted" | "rollback";
  /** Candidates; for `rollback` the versions live since. null for a function that it does not concern. */
  readonly worker: number | null;
  readonly api: number | null;
  /** Versions that were live before. */
  readonly stable_worker: number | null;
  readonly stable_api: number | null;
  /** Percent of the traffic that the candidates get from then on. */
  readonly weight: number;
  /** Empty where nothing went wrong. */
  readonly reason: string;
}

/** What is live, and its history: the canary's memory. It is a variable, and so it is kept in the state. */
export interface Release {
  /** `<name>-<environment>`. */
  readonly deployment: string;
  /** Grows by one with each change. */
  readonly serial: number;
  /** Identifies the run that wrote it, so that two runs at once notice each other. */
  readonly writer: string;
  /** Versions that a rollback made live and that stay live although there are newer ones. */
  readonly pinned: Versions;
  readonly canary: CanaryRecord | null;
  /** Oldest first. */
  readonly history: readonly ReleaseEvent[];
}

/** The sources of the given values, which the next command needs to keep them. */
export interface Provenance {
  /** Names that the environment's file gave. */
  readonly file: readonly string[];
  /** Names that a person gave by hand, over the file. */
  readonly hand: readonly string[];
  /** The rollback to a profile that is in effect; null = none. */
  readonly rollback: RollbackRecord | null;
}

export interface RollbackRecord {
  /** The profile. */
  readonly to: string;
  /** ISO 8601, in UTC. */
  readonly at: string;
  readonly by: string;
  /** Values given by hand, as JSON, of settings that the profile decides while the rollback lasts. */
  readonly aside: Readonly<Record<string, string>>;
}

const VERSIONS = "object({ worker = optional(number), api = optional(number) })";

const CANARY = [
  "started_at = string, steps = list(number), step = number, phase = string, since = string, interval_seconds = " +
    "number, deadline_seconds = number",
  `on_inconclusive = string, only = list(string), max_latency_ratio = number, stable = ${VERSIONS}, candidate = ` +
    `${VERSIONS}, provisioned = ${VERSIONS}`,
].join(", ");

const EVENT =
  "at = string, event = string, worker = optional(number), api = optional(number), stable_worker = " +
  "optional(number), stable_api = optional(number), weight = number, reason = string";

/** The commands' records, which are kept in the state. */
export const releaseSettings = [
  {
    name: "release",
    type: "structured",
    terraformType:
      `object({ deployment = string, serial = number, writer = string, pinned = ${VERSIONS}, canary = ` +
      `optional(object({ ${CANARY} })), history = list(object({ ${EVENT} })) })`,
    description:
      "What quickturn canary and quickturn rollback remember: the canary on its way, the versions that a " +
      "rollback left pinned, and what happened. They write it themselves; it changes no resource.",
    value: null,
    effect: "in place",
    rules: [
      {
        // Pins of one deployment say nothing about another.
        condition: 'var.release == null ? true : var.release.deployment == format("%s-%s", var.name, var.environment)',
        message:
          "allowed: that of this deployment, ${var.name}-${var.environment}; delete live.tfvars.json, and " +
          "quickturn plan writes it anew from the state",
      },
    ],
  },
  {
    name: "provenance",
    type: "structured",
    terraformType:
      "object({ file = list(string), hand = list(string), rollback = optional(object({ to = string, at = string, " +
      "by = string, aside = map(string) })) })",
    description:
      "What quickturn apply and quickturn rollback remember: which settings the environment's file gave, which a " +
      "person gave by hand, and the rollback to a profile that is in effect. They write it themselves; it " +
      "changes no resource.",
    value: null,
    effect: "in place",
  },
] as const satisfies readonly Setting[];
