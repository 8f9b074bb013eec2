import { program } from "../../scripts/cli";
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

test("a backend that is not known is a usage error, whose first words are what was given", async () => {
  const environment = { PATH: process.env["PATH"], QUICKTURN_BACKEND: "ftp://x" };
  const { code, stderr } = await runQuickturn(["synth"], { project: PROJECT, environment });
  expect(code).toBe(64);
  expect(stderr).toContain('Error: QUICKTURN_BACKEND is "ftp://x", which names no backend that is known; allowed: ');
});

describe("help", () => {
  /** What `--help` of each command shows in a terminal of a width, that of all commands first. */
  function helps(width: number): string[] {
    const root = program();
    return [root, ...root.commands, ...root.commands.flatMap((command) => command.commands)].map((command) => {
      let text = "";
      const writeOut = (part: string) => void (text += part);
      command.configureOutput({ writeOut, getOutHelpWidth: () => width }).outputHelp();
      return text;
    });
  }

  test("no line is wider than 80 columns", () => {
    expect(helps(80).flatMap((text) => text.split("\n").filter((line) => line.length > 80))).toEqual([]);
  });

  test("at 60 columns options and commands are wrapped between words", () => {
    const cut = helps(60).flatMap((text) => {
      const [usage = ""] = text.split(/\n(?:Examples|Exit codes|Each size)/);
      return usage.split("\n").filter((line) => line.length > 60 && line.trim().includes(" "));
    });
    expect(cut).toEqual([]);
  });

  test("every command stands in the group of what it is for", () => {
    expect(helps(80)[0]).not.toMatch(/^Commands:/m);
    expect(helps(80)[0]).toMatch(/^Begin here:\n {2}local .*[^]*^Deploy:\n {2}(destroy|plan) /m);
  });
});

test("help ends with 0, and has the table of exit codes", async () => {
  expect(await quickturn("--help")).toMatchObject({
    code: 0,
    stderr: "",
    stdout: expect.stringMatching(/\nExit codes:\n {2}0 {4}done[^]*\n {2}64 {3}usage[^]*\n {2}70 {3}crash/) as unknown,
  });
});
