import { checkOptions } from "../../../../scripts/commands/verify/options";

test("what fits together is taken", () => {
  expect(() =>
    checkOptions({
      only: ["error_rate"],
      smoke: false,
      wait: "5m",
      since: "2026-11-21T12:00:00Z",
      version: "7",
      baseline: "6",
      save: "x",
    }),
  ).not.toThrow();
  expect(() => checkOptions({ only: [], smoke: true, prompt: "hello", junit: "x", markdown: "y" })).not.toThrow();
  expect(() => checkOptions({ only: [], smoke: false, replay: "x", junit: "x", markdown: "y" })).not.toThrow();
});

test("saved evidence is judged as it is", () => {
  expect(() => checkOptions({ only: ["error_rate"], smoke: false, replay: "x" })).toThrow(
    "--replay was given with --only; allowed: --replay alone, because saved evidence is judged as it is.",
  );
});
