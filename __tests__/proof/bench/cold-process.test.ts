import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { measureColdStart } from "../../../bench/cold-process";
import { temporaryFolder } from "../../support/temporary-folder";

const CALL = {
  name: "status",
  function: "api",
  environment: { WHO: "me" },
  event: { ask: "who" },
  answerHolds: '"me"',
} as const;
const start = (code: string) => {
  const folder = temporaryFolder("cold-process");
  writeFileSync(join(folder, "index.mjs"), code);
  return measureColdStart({
    code: folder,
    call: CALL,
    nodePath: process.execPath,
    endpoint: "http://127.0.0.1:9",
    certificate: "",
    expectsAnswer: true,
  });
};

test("the time to the first answer is measured, and the processor's", async () => {
  const measured = await start(
    "export const handler = async ({ ask }) => (ask === 'who' ? { who: globalThis.process.env.WHO } : {});",
  );
  expect(measured).toMatchObject({ ms: expect.any(Number) as number, cpuMs: expect.any(Number) as number });
});

test.each([
  [
    "another answer",
    "export const handler = async () => ({ who: 'you' });",
    /^The function status in .* answered {"who":"you"}; expected "me"\. Its log: /,
  ],
  ["an error", "export const handler = async () => { throw new Error('broken'); };", /broken/],
  ["a process that ends", "globalThis.process.exit(3);", /answered nothing: exit status 3/],
])("%s is no measurement", async (_what, code, message) => {
  await expect(start(code)).rejects.toThrow(message);
});
