import { CommanderError } from "commander";
import { describeCrash, classifyFailure } from "../../../scripts/cli/failure";
import { UsageError } from "../../../scripts/kit/context";

test.each([
  [
    "an option that there is not",
    new CommanderError(1, "commander.unknownOption", "error: unknown option '--fast'"),
    { kind: "usage", message: "unknown option '--fast'", exitCode: 64 },
  ],
  [
    "no command at all",
    new CommanderError(1, "commander.help", "(outputHelp)"),
    { kind: "usage", message: "A command or its input is missing; allowed: what the help shows.", exitCode: 64 },
  ],
  ["what a command refuses", new UsageError("--x is 1"), { kind: "usage", message: "--x is 1", exitCode: 64 }],
  ["what AWS or terraform could not do", new Error("denied"), { kind: "failed", message: "denied", exitCode: 1 }],
  [
    "a network that fails",
    new TypeError("fetch failed", { cause: new Error("ECONNREFUSED") }),
    { kind: "failed", message: "fetch failed", exitCode: 1 },
  ],
  ["a defect", new TypeError("x is not a function"), { kind: "crash", message: "x is not a function", exitCode: 70 }],
  ["what is no error", "text", { kind: "crash", message: "text", exitCode: 70 }],
])("%s has a kind, a sentence and an exit code", (_, error, failure) =>
  expect(classifyFailure(error)).toEqual(failure),
);

test("what no command has caught is a defect", () =>
  expect(describeCrash(new Error("x"))).toEqual({ kind: "crash", message: "x", exitCode: 70 }));
