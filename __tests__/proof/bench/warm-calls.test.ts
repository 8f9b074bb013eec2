import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { coldCalls } from "../../../bench/cold-calls";
import type { ColdStart } from "../../../bench/cold-process";
import { measureWarm } from "../../../bench/pool";
import { temporaryFolder } from "../../support/temporary-folder";

const folder = temporaryFolder("warm-calls");
const signal = new AbortController().signal;

/** A function whose answer is how often it was called in its process. */
function counting(name: string, source: string): ColdStart {
  const code = join(folder, name);
  mkdirSync(code, { recursive: true });
  writeFileSync(join(code, "index.mjs"), source);
  const call = coldCalls("http://127.0.0.1:9").find((each) => each.name === "status")!;
  return {
    code,
    call,
    nodePath: process.execPath,
    endpoint: "http://127.0.0.1:9",
    certificate: "",
    expectsAnswer: true,
  };
}

test("each function stays the same process, is called as often as was asked, and its times are told in order", async () => {
  const starts = ["one", "two"].map((name) =>
    counting(name, "let calls = 0; export const handler = async () => ({ statusCode: 200, calls: ++calls });"),
  );
  const counted = starts.map((start) => ({ ...start, call: { ...start.call, answerHolds: '"statusCode":200' } }));
  const times = await measureWarm(counted, { calls: 60, signal, detail: () => undefined });
  expect(times.map((each) => each.length)).toEqual([60, 60]);
  expect(times.flat().every(Number.isFinite)).toBe(true);
});

test("an answer that is not the right one ends the measurement, with the answer and what was expected", async () => {
  const wrong = counting("wrong", "export const handler = async () => ({ statusCode: 404 });");
  await expect(measureWarm([wrong], { calls: 1, signal, detail: () => undefined })).rejects.toThrow(
    /The function status in .* answered \{"statusCode":404\}; expected "statusCode":200/,
  );
});

test("a function that dies ends it too", async () => {
  const dying = counting("dying", "export const handler = async () => process.exit(3);");
  await expect(measureWarm([dying], { calls: 1, signal, detail: () => undefined })).rejects.toThrow(
    /answered nothing: exit status 3/,
  );
});
