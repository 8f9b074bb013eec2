import { monthlyBill, type Bill } from "./bill";
import { compareBills, type BillDifference } from "./comparison";
import { plannedDeployment } from "./planned";
import type { Usage } from "./usage";

/** What a plan does to the bill. */
export interface PlanCost {
  /** As it is now, by volume; empty where nothing is applied yet. */
  readonly before: readonly Bill[];
  /** After the apply, by volume. */
  readonly after: readonly Bill[];
  /** By volume; empty where nothing is applied yet. */
  readonly differences: readonly BillDifference[];
  /** What was taken for values that are known after the apply. */
  readonly unknown: readonly string[];
}

/**
 * Reckons a month before and after a plan, from the state that it was made on and what it plans.
 * Throws where the plan is of another stack or destroys it.
 * @param volumes requests a month
 */
export function planCost(plan: unknown, usage: Usage, volumes: readonly number[]): PlanCost {
  const { deployment, unknown } = plannedDeployment(plan);
  const after = volumes.map((requests) => monthlyBill(deployment, usage, requests));
  const before = isDeployed(plan)
    ? volumes.map((requests) => monthlyBill(plannedDeployment(priorState(plan)).deployment, usage, requests))
    : [];
  return { before, after, differences: before.map((bill, index) => compareBills(bill, after[index]!)), unknown };
}

const priorState = (plan: unknown): unknown => (plan as { prior_state?: unknown }).prior_state;

/** An apply that was cut short before its outputs has none to read the settings from. */
function isDeployed(plan: unknown): boolean {
  const state = priorState(plan) as { values?: { outputs?: Readonly<Record<string, unknown>> } } | undefined;
  return state?.values?.outputs?.["settings"] !== undefined;
}
