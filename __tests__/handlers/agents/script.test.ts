import { parseScript } from "../../../handlers/agents/scripted";

test("a script says how long to wait, what to say, and whether to fail", () => {
  expect(parseScript("250ms hello\nyou")).toEqual({ delayMs: 250, fails: false, text: "hello\nyou" });
  expect(parseScript("0ms !out of order")).toEqual({ delayMs: 0, fails: true, text: "out of order" });
  for (const target of ["hello", "5 hello", "-5ms hello", "5ms ", "5ms !"]) expect(parseScript(target)).toBeUndefined();
});
