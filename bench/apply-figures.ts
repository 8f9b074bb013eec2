import { median } from "../scripts/kit/quantiles";
import type { BenchChart, BenchFigure } from "./results";

/** What both may differ by. */
export const MAX_RATIO = 1.05;

/** Milliseconds of the same run of terraform on our JSON and on hand-written HCL, taken in turn. */
export interface Compared {
  readonly ours: readonly number[];
  readonly handWritten: readonly number[];
}

/** Everything that `bench apply` measures, in milliseconds. */
export interface ApplyTimes {
  /** `terraform plan` of what is applied, with its refresh; each run starts the provider, as a person's does. */
  readonly plan: Compared;
  /**
   * The same with a provider that is running already and tells of the types in use alone: terraform's own part, and the
   * refresh.
   */
  readonly ownPlan: Compared;
  /** `terraform validate`, with the running provider. */
  readonly validate: Compared;
  /**
   * `terraform apply` of another memory size and reserved concurrency, there and back, with the running provider and
   * without refresh.
   */
  readonly update: Compared;
  /** `terraform plan` of a root that has the provider and reads one data source. */
  readonly start: readonly number[];
  /** `terraform apply` of everything, once, ours alone; most of it the provider waits for queues. */
  readonly everything: number;
}

/**
 * Why ours is behind, by taking parts out of the configuration, on 2026-11-22, with the running provider; processor
 * seconds of terraform on two busy cores. A plan without refresh: all 3.8; without the firewall's resources 2.8;
 * without the validations, checks, pre- and postconditions and outputs as well 2.1; hand-written 1.4. A validation: all
 * 3.4; with the firewall's list and without its five rules 2.1; without the firewall 1.9. The firewall is not made by
 * default, but terraform checks what it would be, and each rule against the provider's largest schema. `rule_json`
 * would spare that, and with it the provider sees no drift of the rules (its documentation), so the rules stay blocks.
 */
export const CAUSE =
  "terraform checks the firewall's five rules against the provider's largest schema though it makes no firewall (a quarter of its own work), and evaluates the settings' validations, conditions, checks and outputs (a fifth); HCL with literals has neither";

const KINDS = [
  { key: "plan", title: "plan", bound: true },
  { key: "update", title: "apply of an update", bound: true },
  { key: "ownPlan", title: "plan, provider running already", bound: false },
  { key: "validate", title: "validate, provider running already", bound: false },
] as const;

/** Ours over hand-written, of medians. */
export const ratio = ({ ours, handWritten }: Compared): number => median(ours) / median(handWritten);

/** A row for each kind of run, and the bars of all. */
export function applyFigures(times: ApplyTimes): {
  readonly figures: readonly BenchFigure[];
  readonly charts: readonly BenchChart[];
} {
  const figures = KINDS.map(({ key, title, bound }): BenchFigure => {
    const compared = times[key];
    const row = {
      compares: `${title}, ours / hand-written HCL`,
      measured: `${ratio(compared).toFixed(2)}x (${seconds(median(compared.ours))} / ${seconds(median(compared.handWritten))})`,
    };
    if (!bound) return row;
    const holds = ratio(compared) <= MAX_RATIO;
    const bounded = { ...row, mustReach: `<= ${MAX_RATIO}x`, holds, ...(!holds && { cause: CAUSE }) };
    return key === "plan"
      ? { ...bounded, limit: `${seconds(median(times.start))} (terraform and provider alone)` }
      : bounded;
  });
  const series = (name: string, of: (compared: Compared) => readonly number[]) => ({
    name,
    values: KINDS.map(({ key }) => median(of(times[key])) / 1_000),
  });
  const chart: BenchChart = {
    title: "Terraform on our JSON and on hand-written HCL",
    unit: "s",
    kind: "bars",
    categories: KINDS.map(({ title }) => title),
    series: [series("Quickturn", ({ ours }) => ours), series("hand-written HCL", ({ handWritten }) => handWritten)],
  };
  return { figures, charts: [chart] };
}

/** For a terminal. */
export function applyText(times: ApplyTimes, figures: readonly BenchFigure[]): string {
  return [
    `Terraform on our JSON and on HCL of the same resources with literals; in turn; medians of ${times.plan.ours.length} to ${times.update.ours.length} runs`,
    ...figures.map(
      ({ compares, measured, mustReach, holds }) =>
        `  ${(holds === undefined ? "" : holds ? "ok" : "MISS").padEnd(4)} ${compares.padEnd(56)} ${measured}${mustReach === undefined ? "" : `   bound ${mustReach}`}`,
    ),
    `       terraform and provider alone take ${seconds(median(times.start))}; ours made everything in ${seconds(times.everything)}`,
    ...figures.flatMap(({ compares, cause }) =>
      cause === undefined ? [] : [`       ${compares.replace(/,.*/, "")}: ${cause}`],
    ),
  ].join("\n");
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(2)} s`;
