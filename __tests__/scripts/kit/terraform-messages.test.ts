import {
  countDone,
  addMessage,
  NOTHING_APPLIED,
  progressText,
  type ApplyProgress,
  type Message,
  TerraformFailed,
  failures,
  plannedChanges,
  messageText,
  isUndeclared,
  warningText,
  warnings,
} from "../../../scripts/kit/terraform-messages";

describe("apply progress", () => {
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
  const after = (...messages: Message[]): ApplyProgress => messages.reduce(addMessage, NOTHING_APPLIED);

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
    expect(
      progressText(after(...PLAN, hook("start", "data.t.x", "read"), hook("complete", "data.t.x", "read", 0))),
    ).toBe("0 of 5");
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
});

describe("terraform messages", () => {
  const line = (message: object) => JSON.stringify({ "@level": "info", "@module": "terraform.ui", ...message });
  const OUTPUT = [
    "Warning that is no message",
    line({
      type: "planned_change",
      "@message": "aws_iam_role.api: Plan to create",
      change: { resource: { addr: "aws_iam_role.api", resource_type: "aws_iam_role" }, action: "create" },
    }),
    line({
      type: "diagnostic",
      "@message": "Warning: old",
      diagnostic: { severity: "warning", summary: "old", detail: "" },
    }),
    line({
      type: "diagnostic",
      "@message": "Error: exists",
      diagnostic: { severity: "error", summary: "creating IAM Role: exists", detail: "", address: "aws_iam_role.api" },
    }),
    line({
      type: "diagnostic",
      "@message": "Error: no lock",
      diagnostic: { severity: "error", summary: "Error acquiring the state lock", detail: "Lock Info:\n  ID: 1" },
    }),
    '{"@level":"info","@message":"cut off in the mid',
  ].join("\n");

  test("reads the planned changes, and each error with the resource that it is of", () => {
    expect(plannedChanges(OUTPUT)).toEqual([{ address: "aws_iam_role.api", type: "aws_iam_role", action: "create" }]);
    expect(failures(OUTPUT)).toEqual([
      { address: "aws_iam_role.api", summary: "creating IAM Role: exists", detail: "" },
      { summary: "Error acquiring the state lock", detail: "Lock Info:\n  ID: 1" },
    ]);
  });

  test("the error says all of them, as a person reads them", () => {
    expect(new TerraformFailed(failures(OUTPUT), {}).message).toBe(
      "creating IAM Role: exists\n  with aws_iam_role.api\n\nError acquiring the state lock\nLock Info:\n  ID: 1",
    );
  });

  test("missing credentials are told with what to do, and with the provider's own reason", () => {
    const detail =
      "Please see https://registry.terraform.io/providers/hashicorp/aws\nfor more information about providing " +
      "credentials.\n\nError: failed to refresh cached credentials, the SSO session has expired\n";
    const failed = new TerraformFailed([{ summary: "No valid credential sources found", detail, address: "p" }], {});
    expect(failed.message).toMatch(/^There are no AWS credentials .* AWS_PROFILE, .* quickturn local needs none\.\n/);
    expect(failed.message).toMatch(/\nThe AWS provider says: failed to refresh .*, the SSO session has expired$/);
  });

  test("of a line a person is shown what it says, and a line that is cut or no message as it is", () => {
    expect(OUTPUT.split("\n").map(messageText)).toEqual([
      "Warning that is no message",
      "aws_iam_role.api: Plan to create",
      "Warning: old",
      "Error: exists",
      "Error: no lock",
      '{"@level":"info","@message":"cut off in the mid',
    ]);
  });

  test("a warning is what it says; of a check of the stack's own its sentence is enough", () => {
    expect(warnings(OUTPUT).map(warningText)).toEqual(["old"]);
    expect(warningText({ summary: "Check block assertion failed", detail: "The alarms call nobody." })).toBe(
      "The alarms call nobody.",
    );
    expect(warningText({ summary: "Deprecated", detail: "Use b.", address: "aws_a.x" })).toBe(
      "Deprecated\nUse b.\n  with aws_a.x",
    );
  });

  test("what a file gives and nobody declares is known by its summary", () => {
    const summaries = ["Value for undeclared variable", "Values for undeclared variables", "old"];
    expect(summaries.filter((summary) => isUndeclared({ summary, detail: "" }))).toEqual(summaries.slice(0, 2));
  });
});
