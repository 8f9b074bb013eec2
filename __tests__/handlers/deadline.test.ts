import { withDeadline } from "../../handlers/deadline";

test("work that is in time gives its result, and leaves no listener behind", async () => {
  const controller = new AbortController();
  const removed = jest.spyOn(controller.signal, "removeEventListener");
  await expect(withDeadline(controller.signal, Promise.resolve(7))).resolves.toBe(7);
  expect(removed).toHaveBeenCalledTimes(1);
});

test("work that fails in time rejects with its own error", async () => {
  await expect(withDeadline(AbortSignal.timeout(1_000), Promise.reject(new Error("no such thing")))).rejects.toThrow("no such thing");
});

test("work that ignores the signal is given up with the signal's reason", async () => {
  await expect(withDeadline(AbortSignal.timeout(10), new Promise(() => undefined))).rejects.toMatchObject({ name: "TimeoutError" });
});

test("a signal that is aborted already ends the wait at once", async () => {
  await expect(withDeadline(AbortSignal.abort(new Error("too late")), new Promise(() => undefined))).rejects.toThrow("too late");
});
