import timers from "node:timers/promises";
import { pause } from "../../handlers/pause";

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
