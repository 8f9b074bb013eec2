import type { Release, Versions } from "../../../stacks/contract/settings";
import { FUNCTIONS, weightOf, type FunctionName, NAMES_IN_STACK, liveVariables } from "../../../scripts/deploy/release";
import type { CanaryWish } from "../../../scripts/deploy/canary-machine";
import type { Verdict } from "../../../scripts/gate/judge";
import type { Decisions } from "../../../scripts/deploy/canary-run";
import type { CanaryPlan, Deployment, PlanMode } from "../../../scripts/deploy/canary-target";
import { chooseRelease, type Outputs } from "../../../scripts/deploy/live-file";
import type { Ports, TimelineEvent } from "../../../scripts/deploy/canary-steps";

/** The run was killed, and does nothing more. */
export class Killed extends Error {}

interface Alias {
  live: number;
  /** 0 to 1, of the newest. */
  weight: number;
  provisioned: number;
}

export const WISH: CanaryWish = {
  steps: [10, 50, 100],
  interval_seconds: 600,
  deadline_seconds: 7_200,
  on_inconclusive: "rollback",
  only: [],
  max_latency_ratio: 1.25,
};

/** A deployment in memory: functions, aliases, a state, a live file. It can be killed after each of its steps. */
export class World {
  newest: Record<FunctionName, number> = { worker: 7, api: 3 };
  aliases: Record<FunctionName, Alias>;
  state: {
    release: Release | null;
    live: Versions;
    newest: Versions;
    weights: Record<FunctionName, number>;
    provisioned: Record<FunctionName, number>;
  };
  file: Release | null = null;
  nowMs = Date.parse("2026-11-21T12:00:00.000Z");
  /** Applied weights, and the verdicts at them, in order. */
  readonly seen: (string | number)[] = [];
  readonly events: TimelineEvent[] = [];
  steps = 0;
  /** Number of steps until it is killed. */
  killAfter = Infinity;
  /** Functions that the checkout changes. */
  pending: FunctionName[] = ["worker"];
  failApply: (release: Release) => boolean = () => false;
  beforePlan: () => void = () => undefined;

  constructor(
    readonly provisioned = 0,
    readonly stateFirst = false,
  ) {
    this.aliases = { worker: { live: 7, weight: 0, provisioned }, api: { live: 3, weight: 0, provisioned: 0 } };
    this.state = this.observed(null);
  }

  /** The outputs of an apply now. */
  private observed(release: Release | null): World["state"] {
    const { worker, api } = this.aliases;
    return {
      release,
      live: { worker: worker.live, api: api.live },
      newest: { ...this.newest },
      weights: { worker: worker.weight, api: api.weight },
      provisioned: { worker: worker.provisioned, api: api.provisioned },
    };
  }

  private step(): void {
    if (this.steps >= this.killAfter) throw new Killed("killed");
    this.steps += 1;
  }

  outputs(): Outputs {
    const { release, live, newest, weights, provisioned } = this.state;
    return {
      deployment_name: "q-dev",
      live_version: String(live.worker),
      api_live_version: String(live.api),
      newest_version: String(newest.worker),
      api_newest_version: String(newest.api),
      worker_function_name: "q-dev-worker",
      api_function_name: "q-dev-api",
      settings: {
        release,
        timeout: 900,
        canary_weight: weights.worker,
        api_canary_weight: weights.api,
        provisioned_concurrent_executions: provisioned.worker,
        api_provisioned_concurrent_executions: provisioned.api,
      },
    };
  }

  deployment(): Deployment {
    let mode: PlanMode = "aliases";
    return {
      outputs: async () => (this.step(), this.outputs()),
      plan: async (release, given): Promise<CanaryPlan> => {
        this.step();
        this.beforePlan();
        mode = given;
        return {
          changed: true,
          changes: this.differing(release),
          publishes: this.publishing(given),
          newest: { ...this.newest },
          reachesAll: [],
          before: this.outputs(),
        };
      },
      apply: async (release) => {
        this.step();
        this.file = release;
        this.step();
        if (this.failApply(release)) throw new Error("AccessDenied");
        // Terraform writes settings before it changes anything, and versions afterwards.
        const valuesOf = (value: (alias: Alias) => number) => ({
          worker: value(this.wanted("worker", release)),
          api: value(this.wanted("api", release)),
        });
        if (this.stateFirst)
          this.state = {
            ...this.state,
            release,
            weights: valuesOf(({ weight }) => weight),
            provisioned: valuesOf(({ provisioned }) => provisioned),
          };
        for (const name of FUNCTIONS) {
          this.step();
          this.move(name, release, mode);
        }
        this.step();
        this.state = this.observed(release);
        if (release.canary?.phase === "shift") this.seen.push(weightOf(release.canary));
      },
      keep: async (release) => {
        this.step();
        this.file = release;
      },
    };
  }

  private publishing(mode: PlanMode): FunctionName[] {
    return mode === "aliases" ? [] : this.pending;
  }

  /** The aliases that are not as a release wants them. */
  private differing(release: Release): CanaryPlan["changes"] {
    return FUNCTIONS.filter(
      (name) => JSON.stringify(this.wanted(name, release)) !== JSON.stringify(this.aliases[name]),
    ).map((name) => ({
      address: `aws_lambda_alias.${name}_live_alias`,
      type: "aws_lambda_alias",
      action: "update" as const,
      attributes: [],
      values: [],
    }));
  }

  private wanted(name: FunctionName, release: Release): Alias {
    const given = liveVariables(release);
    const { version, weight, provisioned } = NAMES_IN_STACK[name];
    return {
      live: given[version] ?? this.newest[name],
      weight: given[weight] ?? 0,
      provisioned: given[provisioned] ?? (name === "worker" ? this.provisioned : 0),
    };
  }

  private move(name: FunctionName, release: Release, mode: PlanMode): void {
    if (this.publishing(mode).includes(name)) {
      this.step();
      this.newest[name] += 1;
      this.pending = this.pending.filter((each) => each !== name);
    }
    const next = this.wanted(name, release);
    if (next.weight > 0 && next.provisioned > 0)
      throw new Error("Alias with weights can not be used with Provisioned Concurrency");
    if (next.weight > 0 && next.live === this.newest[name]) throw new Error("The canary is live already");
    this.aliases[name] = next;
  }

  ports(verdicts: (weight: number, look: number) => Verdict | Error, writer = "run-1"): Ports {
    let look = 0;
    return {
      deployment: this.deployment(),
      judge: {
        open: async (canary) => ({
          look: async () => {
            this.step();
            const found = verdicts(weightOf(canary), ++look);
            if (found instanceof Error) throw found;
            this.seen.push(`${found} at ${weightOf(canary)}`);
            return { verdict: found, reason: `error_rate: look ${look}` };
          },
        }),
      },
      clock: { nowMs: () => this.nowMs, sleep: async (ms) => void (this.step(), (this.nowMs += ms)) },
      signal: new AbortController().signal,
      writer,
      report: (event) => void this.events.push(event),
      detail: () => undefined,
    };
  }

  decisions(more: Partial<Decisions> = {}): Decisions {
    return {
      approve: async () => true,
      check: () => undefined,
      choose: () => chooseRelease(this.file, this.state.release, "q-dev"),
      allowReplace: false,
      retry: false,
      ...more,
    };
  }

  /** Removes the live file, as on another machine. */
  elsewhere(): this {
    this.file = null;
    return this;
  }

  revived(): this {
    this.killAfter = Infinity;
    return this;
  }
}
