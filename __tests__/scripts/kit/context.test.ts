import { stripVTControlCharacters } from "node:util";
import { progressOn } from "../../../scripts/kit/context";

/** What a stream that is no terminal is given. */
function lines() {
  const written: string[] = [];
  return {
    written,
    stream: { isTTY: false, write: (text: string) => written.push(text) } as unknown as NodeJS.WriteStream,
  };
}

test("without a terminal a step says how far it is at most each 30 s, and nothing once it has ended", async () => {
  const { written, stream } = lines();
  let now = 0;
  let detail = (_text: string): void => undefined;
  await progressOn(stream, () => now).step("Apply", async (tell) => {
    detail = tell;
    for (const seconds of [0, 10, 29, 30, 31, 59, 65]) {
      now = seconds * 1_000;
      tell(`at ${seconds}`);
    }
  });
  now = 200_000;
  detail("late");
  expect(written).toEqual(["… Apply\n", "… Apply at 30\n", "… Apply at 65\n", "✔ Apply  65.0 s\n"]);
});

test("a step that fails ends with its time, and the failure goes on", async () => {
  const { written, stream } = lines();
  await expect(progressOn(stream, () => 0).step("Apply", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(written).toEqual(["… Apply\n", "✘ Apply  0.0 s\n"]);
});

test("at a terminal a step's line shows its last detail, and signals stay the command's own", async () => {
  jest.useFakeTimers();
  const written: string[] = [];
  const stream = {
    isTTY: true,
    write: (text: string) => written.push(stripVTControlCharacters(text)),
  } as unknown as NodeJS.WriteStream;
  const listeners = () => (["SIGINT", "SIGTERM", "SIGHUP"] as const).map((name) => process.listenerCount(name));
  const before = listeners();
  await progressOn(stream, () => 0).step("Apply", async (tell) => {
    tell("23 of 67");
    jest.advanceTimersByTime(80);
    expect(listeners()).toEqual(before);
  });
  jest.advanceTimersByTime(1_000);
  jest.useRealTimers();
  expect(written).toEqual(["\r⠋ Apply", "\r⠙ Apply 23 of 67", "\r✔ Apply  0.0 s\n"]);
});
