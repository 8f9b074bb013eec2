import {
  TerraformFailed,
  failures,
  plannedChanges,
  spoken,
  undeclaredVariable,
  warningText,
  warnings,
} from "../../../scripts/tools/terraform-messages";

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

test("of a line a person is shown what it says, and a line that is cut or no message as it is", () => {
  expect(OUTPUT.split("\n").map(spoken)).toEqual([
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

test("a variable that nobody declares is told with the file that gives it", () => {
  const detail =
    'The root module does not declare a variable named "memory_sise" but a value was found in file "/p/x.tfvars". If you meant to use this value, add a "variable" block to the configuration.';
  expect(undeclaredVariable({ summary: "Value for undeclared variable", detail })).toEqual({
    name: "memory_sise",
    file: "/p/x.tfvars",
  });
  expect(
    undeclaredVariable({
      summary: "Values for undeclared variables",
      detail: "In addition to the other similar warnings shown",
    }),
  ).toBe("more");
  expect(undeclaredVariable({ summary: "old", detail })).toBeUndefined();
});
