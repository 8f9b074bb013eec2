/**
 * `node:timers/promises` on the global timers, so that a test which holds those holds these waits too:
 * `jest.mock("node:timers/promises", () => jest.requireActual("../../support/timers-promises"))`.
 */
function sleep<T>(ms: number, value?: T, { signal }: { readonly signal?: AbortSignal } = {}): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error);
    const timer = globalThis.setTimeout(resolve, ms, value);
    signal?.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        reject(signal.reason as Error);
      },
      { once: true },
    );
  });
}

export { sleep as setTimeout };
