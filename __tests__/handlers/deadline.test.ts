import { runAtMost, boundedSignal, withDeadline, pause, within } from "../../handlers/deadline";
import { settled } from "./fixtures";
import timers from "node:timers/promises";

describe("concurrency", () => {
  async function peak(limit: number, count: number) {
    let running = 0;
    let most = 0;
    const results = await runAtMost(
      limit,
      Array.from({ length: count }, (_, index) => async () => {
        most = Math.max(most, ++running);
        for (let turns = (count - index) % 3; turns >= 0; turns--) await settled();
        running--;
        return index;
      }),
    );
    return { most, results };
  }

  test("no more tasks than the limit run at once, and results keep the tasks' order", async () => {
    expect(await peak(3, 10)).toEqual({ most: 3, results: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] });
  });

  test("a limit above the number of tasks runs all at once", async () => {
    expect((await peak(50, 4)).most).toBe(4);
  });

  test("no tasks give no results", async () => {
    expect(await runAtMost(3, [])).toEqual([]);
  });
});

describe("deadline", () => {
  test("work that is in time gives its result, and leaves no listener behind", async () => {
    const controller = new AbortController();
    const removed = jest.spyOn(controller.signal, "removeEventListener");
    await expect(withDeadline(controller.signal, Promise.resolve(7))).resolves.toBe(7);
    expect(removed).toHaveBeenCalledTimes(1);
  });

  test("work that fails in time rejects with its own error", async () => {
    await expect(withDeadline(AbortSignal.timeout(1_000), Promise.reject(new Error("no such thing")))).rejects.toThrow(
      "no such thing",
    );
  });

  test("work that ignores the signal is given up with the signal's reason", async () => {
    await expect(withDeadline(AbortSignal.timeout(10), new Promise(() => undefined))).rejects.toMatchObject({
      name: "TimeoutError",
    });
  });

  test("a signal that is aborted already ends the wait at once", async () => {
    await expect(withDeadline(AbortSignal.abort(new Error("too late")), new Promise(() => undefined))).rejects.toThrow(
      "too late",
    );
  });

  test("work that is given as a function is not begun after the abort", async () => {
    const work = jest.fn(async () => 7);
    await expect(withDeadline(AbortSignal.abort(new Error("too late")), work)).rejects.toThrow("too late");
    expect(work).not.toHaveBeenCalled();
  });

  test("work that is given as a function and throws at once rejects", async () => {
    const work = () => {
      throw new Error("broken");
    };
    await expect(withDeadline(new AbortController().signal, work)).rejects.toThrow("broken");
  });

  test("of the abort and the failure that it causes, the abort is told", async () => {
    const controller = new AbortController();
    const work = () =>
      new Promise<never>((_resolve, reject) =>
        controller.signal.addEventListener("abort", () => reject(new Error("socket closed"))),
      );
    const outcome = expect(withDeadline(controller.signal, work)).rejects.toThrow("not needed");
    controller.abort(new Error("not needed"));
    await outcome;
  });

  test("a bounded signal is aborted when its time is over", async () => {
    const { signal, release } = boundedSignal(10);
    await expect(withDeadline(signal, new Promise(() => undefined))).rejects.toMatchObject({ name: "TimeoutError" });
    release();
  });

  test("a bounded signal is aborted with the first of its parents, for that one's reason", () => {
    const [one, other] = [new AbortController(), new AbortController()];
    const { signal, release } = boundedSignal(60_000, one.signal, other.signal);
    expect(signal.aborted).toBe(false);
    other.abort(new Error("the other"));
    one.abort(new Error("the one"));
    expect((signal.reason as Error).message).toBe("the other");
    const late = boundedSignal(60_000, other.signal);
    expect(late.signal.reason).toBe(other.signal.reason);
    for (const done of [release, late.release]) done();
  });

  test("a bounded signal that is released follows nobody, and its timer is gone", () => {
    const cleared = jest.spyOn(global, "clearTimeout");
    const parent = new AbortController();
    const { signal, release } = boundedSignal(1, parent.signal);
    release();
    parent.abort();
    expect(signal.aborted).toBe(false);
    expect(cleared).toHaveBeenCalledTimes(1);
    cleared.mockRestore();
  });

  test("a time beyond what a timer can wait is the longest that it can", () => {
    const timer = jest.spyOn(global, "setTimeout");
    const { release } = boundedSignal(Number.POSITIVE_INFINITY);
    expect(timer.mock.calls.map(([, ms]) => ms)).toEqual([2 ** 31 - 1]);
    release();
    timer.mockRestore();
  });
});

describe("pause", () => {
  test("it waits for as long as it is told, by the clock", async () => {
    const wait = jest.spyOn(timers, "setTimeout");
    await pause(1);
    expect(wait).toHaveBeenCalledWith(1, undefined, { signal: undefined });
    wait.mockRestore();
  });

  test("its signal ends it, however long it would last", async () => {
    const controller = new AbortController();
    const waiting = pause(2 ** 31 - 1, controller.signal);
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ name: "AbortError" });
  });
});

describe("time limit", () => {
  test("work that is done in time gives what it gives, or fails as it fails", async () => {
    expect(await within(1_000, async () => "done")).toBe("done");
    await expect(within(1_000, () => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
  });

  test("work that takes too long is told to stop, and is not waited for", async () => {
    let given: AbortSignal | undefined;
    const deaf = (signal: AbortSignal) => {
      given = signal;
      return new Promise<void>(() => undefined);
    };
    await expect(within(20, deaf)).rejects.toMatchObject({ name: "TimeoutError" });
    expect(given?.aborted).toBe(true);
  });

  test("no time at all still ends", async () => {
    await expect(within(-5, () => new Promise(() => undefined))).rejects.toMatchObject({ name: "TimeoutError" });
  });
});
