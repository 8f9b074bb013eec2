import type { StackDiff } from "../../../scripts/judges/stack-diff";
import { stackDiffMarkdown, stackDiffText } from "../../../scripts/reports/stack-diff-report";

const DIFF: StackDiff = {
  stack: "agent-api",
  action: "change",
  blocks: [
    { address: "aws_sns_topic.t", kind: "resource", action: "remove", attributes: [] },
    {
      address: "aws_lambda_function.f",
      kind: "resource",
      action: "change",
      attributes: [{ path: "memory_size", before: 1024, after: 2048 }],
    },
    {
      address: "var.new",
      kind: "variable",
      action: "add",
      attributes: [{ path: "default", before: undefined, after: 5 }],
    },
  ],
  assets: ["worker.zip"],
};

test("a terminal gets a line a block, its differences below, and the files that changed", () => {
  expect(stackDiffText("HEAD", [DIFF])).toBe(
    [
      "agent-api: 1 added, 1 changed, 1 removed; other content in worker.zip",
      "  ~ assets/worker.zip: other content",
      "  - aws_sns_topic.t",
      "  ~ aws_lambda_function.f",
      "      memory_size: 1024 -> 2048",
      "  + var.new",
      "      default: + 5",
    ].join("\n"),
  );
});

test("a pull request gets the same in a block of code", () => {
  const markdown = stackDiffMarkdown("main", [DIFF]);
  expect(markdown).toMatch(
    /^agent-api: 1 added, 1 changed, 1 removed; other content in worker\.zip since `main`\.\n\n```text\n/,
  );
  expect(markdown).toContain("      memory_size: 1024 -> 2048\n");
});

test("no change says so, with what it was compared with", () => {
  expect(stackDiffText("HEAD^1", [])).toBe("The Terraform JSON is that of HEAD^1.");
  expect(stackDiffMarkdown("HEAD^1", [])).toBe("The Terraform JSON is that of `HEAD^1`.\n");
});

test("many differences of one block are counted, and a new stack is named as one", () => {
  const attributes = Array.from({ length: 20 }, (_, index) => ({ path: `a${index}`, before: 0, after: 1 }));
  const text = stackDiffText("HEAD", [
    {
      stack: "state",
      action: "add",
      blocks: [{ address: "local.x", kind: "local", action: "change", attributes }],
      assets: [],
    },
  ]);
  expect(text).toContain("state (a new stack): 0 added, 1 changed, 0 removed");
  expect(text).toContain("a11: 0 -> 1\n      and 8 more differences");
});
