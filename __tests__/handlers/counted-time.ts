import { NOW_MS } from "./fixtures";

/**
 * Time that passes when the test says so, `AbortSignal.timeout` included; it begins at `NOW_MS`. In the tests around
 * which it is called: `afterEach` gives real time back.
 */
export function countTime(): void {
  beforeEach(() => {
    jest.useFakeTimers({ now: NOW_MS });
    jest.spyOn(AbortSignal, "timeout").mockImplementation((ms) => {
      const controller = new AbortController();
      setTimeout(
        () => controller.abort(new DOMException("The operation was aborted due to timeout", "TimeoutError")),
        ms,
      );
      return controller.signal;
    });
  });
  afterEach(() => {
    jest.restoreAllMocks();
    jest.useRealTimers();
  });
}

/** Lets the time pass, and everything happen that is due by then. */
export const pass = (ms: number): Promise<void> => jest.advanceTimersByTimeAsync(ms);

/** Whether the promise has settled by now. */
export function watched(promise: Promise<unknown>): { settled: boolean } {
  const watch = { settled: false };
  const settle = () => void (watch.settled = true);
  promise.then(settle, settle);
  return watch;
}
