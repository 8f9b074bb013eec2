import type { Drift } from "../../../scripts/deploy/drifted-resources";
import { driftMarkdown, driftText } from "../../../scripts/deploy/drift";

const NONE: Drift = { drifted: [], ignored: [], unmatched: [], unapplied: [] };
const SOME: Drift = {
  drifted: [
    {
      address: "aws_lambda_function.f",
      type: "aws_lambda_function",
      action: "changed",
      attributes: [
        { path: "memory_size", before: 512, after: 1024, sensitive: false },
        { path: "secret", before: "hunter2", after: "hunter3", sensitive: true },
      ],
    },
    { address: "aws_sns_topic.t", type: "aws_sns_topic", action: "deleted", attributes: [] },
  ],
  ignored: ["aws_sqs_queue.q.policy"],
  unmatched: ["aws_x.y"],
  unapplied: [{ address: "aws_x.z", action: "update", attributes: ["timeout"] }],
};

test("without drift the text is one sentence", () =>
  expect(driftText(NONE)).toBe("No drift: the resources are as they were applied."));

test("resource, attribute, old and new are named; a sensitive value never is", () => {
  for (const text of [driftText(SOME), driftMarkdown(SOME)]) {
    expect(text).toContain("2 resources are not as applied");
    expect(text).toContain(
      "  ~ aws_lambda_function.f\n      memory_size: 512 -> 1024\n      secret: (sensitive) -> (sensitive)\n  - aws_sns_topic.t  (deleted)",
    );
    expect(text).not.toContain("hunter");
  }
});

test("unapplied configuration, ignored differences and unmatched rules are listed separately", () => {
  expect(driftText(SOME)).toContain(
    "Configuration that is not applied yet, which is no drift:\n  update aws_x.z  (timeout)\n\nIgnored, as --ignore says:\n  aws_sqs_queue.q.policy\n\n--ignore aws_x.y met no drift; leave it out if it never does.",
  );
});

test("the Markdown says in its heading whether there is any", () => {
  expect(driftMarkdown(NONE)).toBe("## No drift\n\nNo drift: the resources are as they were applied.\n");
  expect(driftMarkdown(SOME)).toMatch(/^## Drift\n/);
});
