import {
  countDone,
  heardMessage,
  NOTHING_APPLIED,
  progressText,
  type ApplyProgress,
} from "../../../scripts/tools/apply-progress";
import type { Message } from "../../../scripts/tools/terraform-messages";

const planned = (addr: string, action: string) =>
  ({ type: "planned_change", change: { resource: { addr, resource_type: "t" }, action } }) as Message;
const hook = (
  type: "start" | "progress" | "complete" | "errored",
  addr: string,
  action = "create",
  seconds?: number,
): Message => ({
  type: `apply_${type}`,
  hook: { resource: { addr }, action, ...(seconds !== undefined && { elapsed_seconds: seconds }) },
});
const after = (...messages: Message[]): ApplyProgress => messages.reduce(heardMessage, NOTHING_APPLIED);

const PLAN = [
  planned("t.a", "create"),
  planned("t.b", "update"),
  planned("t.c", "replace"),
  planned("data.t.x", "read"),
  planned("t.d", "delete"),
  planned("t.e", "noop"),
];

test("a replacement is two operations, and reading data is none", () => {
  expect(progressText(after(...PLAN))).toBe("0 of 5");
  expect(progressText(after(...PLAN, hook("start", "data.t.x", "read"), hook("complete", "data.t.x", "read", 0)))).toBe(
    "0 of 5",
  );
  expect(
    progressText(
      after(
        ...PLAN,
        hook("start", "t.c", "delete"),
        hook("complete", "t.c", "delete", 1),
        hook("start", "t.c"),
        hook("complete", "t.c", "create", 1),
      ),
    ),
  ).toBe("2 of 5");
});

test("what has been running longest is named, with the time that terraform gives", () => {
  const begun = [...PLAN, hook("start", "t.a"), hook("start", "t.b", "update")];
  expect(progressText(after(...begun))).toBe("0 of 5, t.a");
  const later = [...begun, hook("progress", "t.b", "update", 50), hook("progress", "t.a", "create", 80)];
  expect(progressText(after(...later))).toBe("0 of 5, t.a 1 m 20 s");
  expect(progressText(after(...later, hook("complete", "t.a", "create", 81)))).toBe("1 of 5, t.b 50 s");
});

test("what errored is neither done nor running", () => {
  expect(after(hook("start", "t.a"), hook("errored", "t.a", "create", 13))).toEqual({
    total: 0,
    done: [],
    running: [],
    failed: [{ address: "t.a", action: "create" }],
  });
});

test("what is done is counted as terraform counts it", () => {
  expect(countDone(NOTHING_APPLIED)).toBe("0 added, 0 changed, 0 destroyed");
  expect(
    countDone(
      after(
        hook("complete", "t.c", "delete", 1),
        hook("complete", "t.c", "create", 1),
        hook("complete", "t.b", "update", 1),
      ),
    ),
  ).toBe("1 added, 1 changed, 1 destroyed");
});
