import { Interruption } from "../../../scripts/cli/interruption";
import { Interrupted, type EndingSignal } from "../../../scripts/kit/process";

/** An interruption among programs that are only named, at times that the test gives. */
function at(...programs: string[]) {
  const happened: string[] = [];
  let now = 0;
  const interruption = new Interruption({
    nowMs: () => now,
    showNote: (text) => void happened.push(text.slice(0, 30)),
    running: () => programs,
    interruptAgain: () => void happened.push("again"),
    endNow: (exitCode) => void happened.push(`end ${exitCode}`),
  });
  const receive = (by: EndingSignal, ms: number) => {
    now = ms;
    interruption.receive(by);
  };
  return { interruption, happened, receive };
}

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const)("%s aborts the work once, and its exit code is %d", (by, exitCode) => {
  const { interruption, receive } = at();
  expect(interruption.exitCode).toBe(1);
  receive(by, 0);
  expect(interruption.signal.reason).toEqual(expect.objectContaining({ name: "Interrupted", by }));
  expect(interruption.exitCode).toBe(exitCode);
});

test("while terraform runs, a second Ctrl-C is passed on to it after a note, and a third ends all", () => {
  const { happened, receive } = at("terraform");
  receive("SIGINT", 0);
  expect(happened).toEqual(["Terraform finishes what it has"]);
  receive("SIGINT", 5_000);
  expect(happened.slice(1)).toEqual(["Terraform is stopped at once. ", "again"]);
  receive("SIGINT", 10_000);
  expect(happened.slice(3)).toEqual(["end 130"]);
});

test("the same key press that npm repeats counts once, and so do further signals of a terminal or a pipeline", () => {
  const { happened, receive } = at("terraform");
  receive("SIGINT", 0);
  receive("SIGINT", 20);
  receive("SIGTERM", 7_500);
  receive("SIGHUP", 9_000);
  expect(happened).toEqual(["Terraform finishes what it has"]);
});

test("where no program runs a second Ctrl-C ends at once, with the first signal's exit code", () => {
  const { happened, receive } = at();
  receive("SIGTERM", 0);
  receive("SIGINT", 5_000);
  expect(happened).toEqual(["end 143"]);
});

test("an AbortError after an interrupt is reported as the interrupt, and another failure as it is", () => {
  const { interruption, receive } = at();
  const aborted = Object.assign(new Error("The operation was aborted"), { name: "AbortError" });
  expect(interruption.explain(aborted)).toBe(aborted);
  receive("SIGINT", 0);
  expect(interruption.explain(aborted)).toBeInstanceOf(Interrupted);
  const other = new Error("What tune made is not all gone");
  expect(interruption.explain(other)).toBe(other);
});
