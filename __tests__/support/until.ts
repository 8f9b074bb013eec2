import { setTimeout as sleep } from "node:timers/promises";
import type { LocalRuntime } from "../../scripts/emulator";

const POLL_MS = 100;

/** Names what a test that timed out has waited for. */
const waitedFor = new Map<string, () => unknown>();
afterEach(() => {
  for (const [what, state] of waitedFor)
    console.error(
      `It never came about that ${what}`,
      ...[state()].filter((one) => one !== undefined).map((one) => JSON.stringify(one, null, 1)),
    );
  waitedFor.clear();
});

/**
 * Waits until it holds, however long: the limit of a test is jest's.
 * @param what is waited for, as a clause
 * @param state is printed where it never came about. Default: nothing is
 */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  state: () => unknown = () => undefined,
): Promise<void> {
  waitedFor.set(what, state);
  // Without a reference: the wait of a test that timed out keeps no process alive.
  while (!(await holds())) await sleep(POLL_MS, undefined, { ref: false });
  waitedFor.delete(what);
}

/** Waits until the worker is done with so many requests since the runtime's start: their messages are then deleted. */
export const untilWorked = (runtime: LocalRuntime, requests: number): Promise<void> =>
  until(
    `the worker is done with ${requests} requests`,
    () => (runtime.statistics().queues["quickturn-dev-work"]?.deleted ?? 0) >= requests,
    () => runtime.statistics(),
  );

/** Schedules of a runtime that never fire: nothing is invoked but by the test. */
export const NO_SCHEDULES = { every: () => () => undefined };
