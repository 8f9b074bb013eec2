import { median } from "../statistics/median";
import type { BenchChart, BenchFigure } from "./figures";

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
  /** The same with a provider that is running already and tells of the types in use alone: terraform's own part, and the refresh. */
  readonly ownPlan: Compared;
  /** `terraform validate`, with the running provider. */
  readonly validate: Compared;
  /** `terraform apply` of another memory size and reserved concurrency, there and back, with the running provider and without refresh. */
  readonly update: Compared;
  /** `terraform plan` of a root that has the provider and reads one data source. */
  readonly start: readonly number[];
  /** `terraform apply` of everything, once, ours alone; most of it the provider waits for queues. */
  readonly everything: number;
}

/**
 * Why ours is behind, by taking parts out of the configuration on 2026-11-22 (processor seconds of one plan without refresh
 * with the running provider; terraform 1.x, two busy cores): all 3.8; without the firewall's three resources 2.8; and
 * without the validations, checks, pre- and postconditions and outputs 2.1; hand-written 1.4. The firewall is not made by
 * default, but its type is the provider's largest, and terraform decodes each type that a configuration names.
 */
export const CAUSE = "terraform decodes the firewall's type (a quarter of its work on ours) though count is 0, evaluates the settings' validations, checks and outputs, and parses templates in JSON at each use";

const KINDS = [
  { key: "plan", title: "plan", bound: true },
  { key: "update", title: "apply of an update", bound: true },
  { key: "ownPlan", title: "plan, provider running already", bound: false },
  { key: "validate", title: "validate, provider running already", bound: false },
] as const;

/** Ours over hand-written, of medians. */
export const ratio = ({ ours, handWritten }: Compared): number => median(ours) / median(handWritten);

/** A row for each kind of run, and the bars of all. */
export function applyFigures(times: ApplyTimes): { readonly figures: readonly BenchFigure[]; readonly charts: readonly BenchChart[] } {
  const figures = KINDS.map(({ key, title, bound }): BenchFigure => {
    const compared = times[key];
    const row = { compares: `${title}, ours / hand-written HCL`, measured: `${ratio(compared).toFixed(2)}x (${seconds(median(compared.ours))} / ${seconds(median(compared.handWritten))})` };
    if (!bound) return row;
    const holds = ratio(compared) <= MAX_RATIO;
    const bounded = { ...row, mustReach: `<= ${MAX_RATIO}x`, holds, ...(!holds && { cause: CAUSE }) };
    return key === "plan" ? { ...bounded, limit: `${seconds(median(times.start))} (terraform and provider alone)` } : bounded;
  });
  const series = (name: string, of: (compared: Compared) => readonly number[]) => ({ name, values: KINDS.map(({ key }) => median(of(times[key])) / 1_000) });
  const chart: BenchChart = { title: "Terraform on our JSON and on hand-written HCL", unit: "s", kind: "bars", categories: KINDS.map(({ title }) => title), series: [series("Quickturn", ({ ours }) => ours), series("hand-written HCL", ({ handWritten }) => handWritten)] };
  return { figures, charts: [chart] };
}

/** For a terminal. */
export function applyText(times: ApplyTimes, figures: readonly BenchFigure[]): string {
  return [
    `Terraform on our JSON and on HCL of the same resources with literals; in turn; medians of ${times.plan.ours.length} to ${times.update.ours.length} runs`,
    ...figures.map(({ compares, measured, mustReach, holds }) => `  ${(holds === undefined ? "" : holds ? "ok" : "MISS").padEnd(4)} ${compares.padEnd(56)} ${measured}${mustReach === undefined ? "" : `   bound ${mustReach}`}`),
    `       terraform and provider alone take ${seconds(median(times.start))}; ours made everything in ${seconds(times.everything)}`,
    ...figures.flatMap(({ compares, cause }) => (cause === undefined ? [] : [`       ${compares.replace(/,.*/, "")}: ${cause}`])),
  ].join("\n");
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(2)} s`;
