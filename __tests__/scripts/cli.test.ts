import { runQuickturn } from "../support/command-line";
import { PROJECT } from "../support/stack-json";

const quickturn = (...args: string[]) =>
  runQuickturn(args, { project: PROJECT, environment: { PATH: process.env["PATH"] } });

test("an unknown option ends with 64, and the sentence says where help is", async () => {
  expect(await quickturn("plan", "--fast")).toEqual({
    code: 64,
    stdout: "",
    stderr: expect.stringMatching(/^error: [^]*\(quickturn --help teaches\)/) as unknown,
  });
});

test.each([
  [["rollback", "--to", ""], "option '--to <what>' argument '' is invalid"],
  [
    ["env", "--emulator", "http://example.org"],
    '--emulator is "http://example.org"; allowed: an address of this machine',
  ],
])("with --json %j gives one document, and the sentence on standard error", async (args, sentence) => {
  const { code, stdout, stderr } = await quickturn("--json", ...args);
  expect({ code, json: JSON.parse(stdout) as unknown }).toEqual({
    code: 64,
    json: { error: { kind: "usage", message: expect.stringContaining(sentence) as unknown, exitCode: 64 } },
  });
  expect(stderr).toContain(sentence);
});

test("help ends with 0, and has the table of exit codes", async () => {
  expect(await quickturn("--help")).toMatchObject({
    code: 0,
    stderr: "",
    stdout: expect.stringMatching(/\nExit codes:\n {2}0 {4}done[^]*\n {2}64 {3}usage[^]*\n {2}70 {3}crash/) as unknown,
  });
});
