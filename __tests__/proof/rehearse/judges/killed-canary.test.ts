import { problemsAfterKill, type AfterKill } from "../../kills/kill-points";

const HELD = { aws_iam_role: ["api", "worker"], aws_api_gateway_rest_api: ["one"] };
const promoted: AfterKill = {
  point: { phase: "share", fraction: 0.5, how: "resume", withoutFile: false },
  recovery: "resumed",
  exitCode: 0,
  stable: "1",
  newest: "2",
  alias: { version: "2", weights: {} },
  pinned: null,
  onItsWay: false,
  further: [],
  before: HELD,
  now: HELD,
};
const takenBack: AfterKill = {
  ...promoted,
  point: { ...promoted.point, how: "abort" },
  recovery: "taken back",
  alias: { version: "1", weights: {} },
  pinned: 1,
};

test("resumed, the new version is live and nothing is pinned; taken back, the old one is live and pinned", () => {
  expect(problemsAfterKill(promoted)).toEqual([]);
  expect(problemsAfterKill(takenBack)).toEqual([]);
  expect(problemsAfterKill({ ...promoted, recovery: "started again" })).toEqual([]);
  // Killed before anything was written: what an earlier release pinned stays pinned.
  for (const pinned of [null, 1])
    expect(problemsAfterKill({ ...takenBack, recovery: "nothing to take back", pinned })).toEqual([]);
});

test.each<[string, AfterKill, string]>([
  [
    "the old version live after a resume",
    { ...promoted, alias: { version: "1", weights: {} } },
    "version 1 is live, and was to be 2",
  ],
  [
    "the new version live after an abort",
    { ...takenBack, alias: { version: "2", weights: {} } },
    "version 2 is live, and was to be 1",
  ],
  [
    "a weight",
    { ...takenBack, alias: { version: "1", weights: { "2": 0.5 } } },
    "the alias still has weights: version 2 0.5",
  ],
  ["a pin after a resume", { ...promoted, pinned: 1 }, "version 1 is pinned, and was to be none"],
  ["no pin after an abort", { ...takenBack, pinned: null }, "version none is pinned, and was to be 1"],
  ["a canary on its way", { ...promoted, onItsWay: true }, "the state still has a canary on its way"],
  ["a command that failed", { ...promoted, exitCode: 1 }, "the command that was to recover ended with exit code 1"],
  [
    "no new version, though the old one is as wanted",
    { ...promoted, newest: "1", alias: { version: "1", weights: {} } },
    "no new version was published",
  ],
  [
    "a further plan",
    {
      ...promoted,
      further: [
        {
          address: "aws_lambda_alias.a",
          type: "aws_lambda_alias",
          action: "update",
          attributes: ["routing_config"],
          values: [{ path: "routing_config", before: 1, after: 2 }],
        },
      ],
    },
    "a further plan changes more:\n    ~ aws_lambda_alias.a\n          routing_config: 1 -> 2",
  ],
  [
    "a second API",
    { ...promoted, now: { ...HELD, aws_api_gateway_rest_api: ["one", "two"] } },
    "more of aws_api_gateway_rest_api: two",
  ],
  ["a role that is gone", { ...promoted, now: { ...HELD, aws_iam_role: ["api"] } }, "gone of aws_iam_role: worker"],
])("%s is a problem, and named", (_, after, problem) => expect(problemsAfterKill(after)).toEqual([problem]));
