import { parseScript, scriptedAgent } from "../../../handlers/agents/scripted";
import type * as pauses from "../../../handlers/deadline";
import { pause } from "../../../handlers/deadline";
import { question } from "../../support/wire/agent-faults";
import { never } from "../fixtures";

jest.mock("../../../handlers/deadline", () => ({ pause: jest.fn(async () => undefined) }));
const waits = jest.mocked(pause);
afterEach(() => waits.mockClear());

const input = question();

test("a scripted agent answers after its delay", async () => {
  let end = () => undefined as void;
  waits.mockReturnValueOnce(new Promise((resolve) => (end = resolve)));
  const answered = jest.fn();
  const run = scriptedAgent({ delayMs: 30_000, fails: false, text: "hello" }).run(input, never).finally(answered);
  await new Promise((resolve) => setImmediate(resolve));
  expect(answered).not.toHaveBeenCalled();
  end();
  expect(await run).toEqual({ text: "hello" });
  expect(waits.mock.calls).toEqual([[30_000, never]]);
});

test("a scripted agent fails with its text", async () => {
  await expect(scriptedAgent({ delayMs: 0, fails: true, text: "out of order" }).run(input, never)).rejects.toThrow(
    "out of order",
  );
});

test("an abort ends the delay", async () => {
  waits.mockImplementationOnce(jest.requireActual<typeof pauses>("../../../handlers/deadline").pause);
  const controller = new AbortController();
  const run = scriptedAgent({ delayMs: 2 ** 31 - 1, fails: false, text: "late" }).run(input, controller.signal);
  controller.abort();
  await expect(run).rejects.toMatchObject({ name: "AbortError" });
});

test("a script says how long to wait, what to say, and whether to fail", () => {
  expect(parseScript("250ms hello\nyou")).toEqual({ delayMs: 250, fails: false, text: "hello\nyou" });
  expect(parseScript("0ms !out of order")).toEqual({ delayMs: 0, fails: true, text: "out of order" });
  for (const target of ["hello", "5 hello", "-5ms hello", "5ms ", "5ms !"]) expect(parseScript(target)).toBeUndefined();
});
