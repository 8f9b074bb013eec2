import { type Drift, driftMarkdown, driftText, findDrift } from "../../../scripts/deploy/drift";

describe("the report of drift", () => {
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
        "  ~ aws_lambda_function.f\n      memory_size: 512 -> 1024\n      secret: (sensitive) -> (sensitive)\n" +
          "  - aws_sns_topic.t  (deleted)",
      );
      expect(text).not.toContain("hunter");
    }
  });

  test("unapplied configuration, ignored differences and unmatched rules are listed separately", () => {
    expect(driftText(SOME)).toContain(
      "Configuration that is not applied yet, which is no drift:\n  update aws_x.z  (timeout)\n\n" +
        "Ignored, as --ignore says:\n  aws_sqs_queue.q.policy\n\n" +
        "--ignore aws_x.y met no drift; leave it out if it never does.",
    );
  });

  test("the Markdown says in its heading whether there is any", () => {
    expect(driftMarkdown(NONE)).toBe("## No drift\n\nNo drift: the resources are as they were applied.\n");
    expect(driftMarkdown(SOME)).toMatch(/^## Drift\n/);
  });
});

describe("drifted resources", () => {
  describe("drift", () => {
    const drifted = (address: string, before: object, after: object | null, marks: object = {}) => ({
      address,
      type: address.split(".")[0],
      mode: "managed",
      change: { actions: [after ? "update" : "delete"], before, after, ...marks },
    });
    const planned = (
      address: string,
      actions: string[],
      before: object | null,
      after: object | null,
      unknown: object = {},
    ) => ({
      address,
      type: address.split(".")[0],
      mode: "managed",
      change: { actions, before, after, after_unknown: unknown },
    });

    test("a changed attribute has its applied and its present value", () => {
      const { drifted: found } = findDrift({
        resource_drift: [
          drifted("aws_lambda_function.f", { memory_size: 512, timeout: 3 }, { memory_size: 1024, timeout: 3 }),
        ],
      });
      expect(found).toEqual([
        {
          address: "aws_lambda_function.f",
          type: "aws_lambda_function",
          action: "changed",
          attributes: [{ path: "memory_size", before: 512, after: 1024, sensitive: false }],
        },
      ]);
    });

    test("a deleted resource is drift, whatever is ignored", () => {
      const plan = {
        resource_drift: [drifted("aws_sns_topic.t", { name: "t" }, null)],
        resource_changes: [planned("aws_sns_topic.t", ["create"], null, { name: "t" })],
      };
      expect(findDrift(plan, ["aws_sns_topic.name"])).toMatchObject({
        drifted: [{ address: "aws_sns_topic.t", action: "deleted" }],
        unapplied: [],
      });
    });

    test("another spelling of nothing, white space in a policy and dates are no drift", () => {
      const before = { tags: null, layers: null, policy: '{"a":1,"b":2}', last_modified: "monday" };
      expect(
        findDrift({
          resource_drift: [
            drifted("aws_x.y", before, {
              tags: {},
              layers: [],
              policy: '{ "b": 2, "a": 1 }',
              last_modified: "tuesday",
            }),
          ],
        }).drifted,
      ).toEqual([]);
    });

    test("a sensitive attribute is marked, wherever inside it the mark is", () => {
      const { drifted: found } = findDrift({
        resource_drift: [
          drifted(
            "aws_x.y",
            { a: [{ key: "1" }], b: 1 },
            { a: [{ key: "2" }], b: 2 },
            { before_sensitive: { a: [{ key: true }] }, after_sensitive: {} },
          ),
        ],
      });
      expect(found[0]?.attributes.map(({ path, sensitive }) => ({ path, sensitive }))).toEqual([
        { path: "a[0].key", sensitive: true },
        { path: "b", sensitive: false },
      ]);
    });

    test("an API key's value is sensitive in its link to a usage plan too, which the provider does not mark", () => {
      const { drifted: found } = findDrift({
        resource_drift: [
          drifted(
            "aws_api_gateway_usage_plan_key.link",
            { name: "a", value: "key-1" },
            { name: "b", value: "key-2" },
            { before_sensitive: {}, after_sensitive: {} },
          ),
        ],
      });
      expect(found[0]?.attributes.map(({ path, sensitive }) => ({ path, sensitive }))).toEqual([
        { path: "name", sensitive: false },
        { path: "value", sensitive: true },
      ]);
    });

    test("ignored differences and unmatched rules are listed, and do not count", () => {
      const plan = {
        resource_drift: [drifted("aws_sqs_queue.q", { policy: "a", delay: 1 }, { policy: "b", delay: 1 })],
      };
      expect(findDrift(plan, ["aws_sqs_queue.policy", "aws_sns_topic.name"])).toMatchObject({
        drifted: [],
        ignored: ["aws_sqs_queue.q.policy"],
        unmatched: ["aws_sns_topic.name"],
      });
    });

    test("an ignored attribute hides no other one of the same resource", () => {
      const plan = {
        resource_drift: [drifted("aws_sqs_queue.q", { policy: "a", delay: 1 }, { policy: "b", delay: 2 })],
      };
      expect(findDrift(plan, ["aws_sqs_queue.policy"]).drifted[0]?.attributes.map(({ path }) => path)).toEqual([
        "delay",
      ]);
    });

    describe("an unapplied change", () => {
      const changed = drifted("aws_lambda_function.f", { memory_size: 512 }, { memory_size: 1024 });

      test("is not what takes the drift back or only follows from that", () => {
        const plan = {
          resource_drift: [changed],
          resource_changes: [
            planned(
              "aws_lambda_function.f",
              ["update"],
              { memory_size: 1024, version: "1" },
              { memory_size: 512 },
              { version: true },
            ),
            planned("aws_lambda_alias.a", ["update"], { function_version: "1" }, {}, { function_version: true }),
          ],
        };
        expect(findDrift(plan).unapplied).toEqual([]);
      });

      test("is a change of another attribute or another resource", () => {
        const plan = {
          resource_drift: [changed],
          resource_changes: [
            planned(
              "aws_lambda_function.f",
              ["update"],
              { memory_size: 1024, timeout: 3 },
              { memory_size: 512, timeout: 9 },
            ),
            planned("aws_x.new", ["create"], null, { a: 1 }),
            planned("aws_x.same", ["no-op"], {}, {}),
          ],
        };
        expect(findDrift(plan).unapplied).toEqual([
          { address: "aws_lambda_function.f", action: "update", attributes: ["timeout"] },
          { address: "aws_x.new", action: "create", attributes: [] },
        ]);
      });
    });

    test("a plan without drift has none", () =>
      expect(findDrift({})).toEqual({ drifted: [], ignored: [], unmatched: [], unapplied: [] }));
  });
});
