import { AuditedPlan } from "../../../scripts/review/audited-plan";
import { type PlanJson, Unknown } from "../../../scripts/review/plan-json";
import { later, planOf, resource as r, to } from "./small-plans";

const [first] = [(plan: AuditedPlan) => plan.resources[0]!];

test("an attribute that is not given is undefined, and one that is not known yet is unknown", () => {
  const queue = first(new AuditedPlan(planOf(r("aws_sqs_queue.q", { a: 1, b: null, c: later, d: [], e: false }))));
  expect(["a", "b", "c", "d", "e", "f"].map((name) => queue.get(name))).toEqual([
    1,
    undefined,
    new Unknown(),
    undefined,
    false,
    undefined,
  ]);
  // Computed, and not configured: AWS decides.
  expect(queue.get("arn")).toBeUndefined();
});

test("the same holds inside a block; a block that an expression makes is unknown", () => {
  const plan = planOf(r("aws_x.x", { block: [{ given: later, known: 1 }] }));
  const x = first(new AuditedPlan(plan));
  expect([x.get("block", 0, "given"), x.get("block", 0, "known"), x.get("block", 0, "other")]).toEqual([
    new Unknown(),
    1,
    undefined,
  ]);
  const dynamic: PlanJson = {
    resource_changes: [
      {
        ...plan.resource_changes![0]!,
        change: { actions: ["create"], before: null, after: {}, after_unknown: { block: true } },
      },
    ],
    configuration: { root_module: { resources: [{ address: "aws_x.x", expressions: {} }] } },
  };
  expect(first(new AuditedPlan(dynamic)).get("block", 0, "given")).toEqual(new Unknown());
  // The sources tell it from a block that is not configured, and that AWS fills.
  const inSources = (source: object) =>
    first(new AuditedPlan(dynamic, { resource: { aws_x: { x: source } } })).get("block", 0, "given");
  expect([inSources({ dynamic: { block: {} } }), inSources({})]).toEqual([new Unknown(), undefined]);
});

test("neither a resource that will be destroyed nor a data source is audited", () => {
  const { resource_changes: changes = [] } = planOf(r("aws_a.a"), r("aws_b.b"));
  const plan = {
    resource_changes: [
      { ...changes[0]!, change: { ...changes[0]!.change, after: null } },
      { ...changes[1]!, mode: "data" },
    ],
  };
  expect(new AuditedPlan(plan).resources).toEqual([]);
});

describe("where an attribute leads", () => {
  const leads = (plan: PlanJson, attribute = "queue") => {
    const audited = new AuditedPlan(plan);
    const target = audited.findTarget(audited.ofType("aws_x")[0]!, attribute, "aws_sqs_queue");
    return typeof target === "string" ? target : target.address;
  };

  test("before the apply it is found by the reference in the configuration", () =>
    expect(
      leads(planOf(r("aws_sqs_queue.a"), r("aws_sqs_queue.b"), r("aws_x.x", { queue: to("aws_sqs_queue.b.arn") }))),
    ).toBe("aws_sqs_queue.b"));
  test("after the apply it is found by the value", () =>
    expect(
      leads(
        planOf(
          r("aws_sqs_queue.a", { arn: "arn:a" }),
          r("aws_sqs_queue.b", { arn: "arn:b" }),
          r("aws_x.x", { queue: "arn:b" }),
        ),
      ),
    ).toBe("aws_sqs_queue.b"));
  test("it is elsewhere if no resource of the plan has the value", () =>
    expect(leads(planOf(r("aws_sqs_queue.a", { arn: "arn:a" }), r("aws_x.x", { queue: "arn:other" })))).toBe(
      "elsewhere",
    ));
  test("it is unclear if there is neither reference nor value", () =>
    expect(leads(planOf(r("aws_sqs_queue.a"), r("aws_x.x", { queue: later })))).toBe("unclear"));
  test("of two resources with the same name, the configuration's reference decides", () => {
    const x = r("aws_x.x", { queue: "q" });
    const named = {
      ...x,
      expressions: {
        queue: { constant_value: "${aws_sqs_queue.b.name}", references: ["aws_sqs_queue.b.name", "aws_sqs_queue.b"] },
      },
    };
    expect(leads(planOf(r("aws_sqs_queue.a", { name: "q" }), r("aws_sqs_queue.b", { name: "q" }), named))).toBe(
      "aws_sqs_queue.b",
    );
  });

  test("in a module it leads to the module's own resources, not to those of a sibling", () => {
    const expressions = { queue: { references: ["aws_sqs_queue.q.arn", "aws_sqs_queue.q"] } };
    const inModule = (name: string) => [
      {
        address: `module.m["${name}"].aws_sqs_queue.q`,
        type: "aws_sqs_queue",
        mode: "managed",
        change: { actions: ["create"], before: null, after: { name } },
      },
      {
        address: `module.m["${name}"].aws_x.x`,
        type: "aws_x",
        mode: "managed",
        change: { actions: ["create"], before: null, after: {}, after_unknown: { queue: true } },
      },
    ];
    const plan = new AuditedPlan({
      resource_changes: [...inModule("a"), ...inModule("b")],
      configuration: {
        root_module: {
          module_calls: {
            m: { module: { resources: [{ address: "aws_sqs_queue.q" }, { address: "aws_x.x", expressions }] } },
          },
        },
      },
    });
    expect(
      plan.ofType("aws_x").map((x) => (plan.findTarget(x, "queue", "aws_sqs_queue") as { address: string }).address),
    ).toEqual(['module.m["a"].aws_sqs_queue.q', 'module.m["b"].aws_sqs_queue.q']);
  });
});

test("neither a secret nor a value made from a sensitive variable is shown", () => {
  const base = planOf(r("aws_x.x", { password: "hunter2", made: later }));
  const plan: PlanJson = {
    ...base,
    resource_changes: base.resource_changes!.map((each) => ({
      ...each,
      change: { ...each.change, after_sensitive: { password: true } },
    })),
    variables: { secret: { value: "hunter3" } },
    configuration: {
      root_module: {
        variables: { secret: { sensitive: true } },
        resources: [
          {
            address: "aws_x.x",
            expressions: { made: { constant_value: "x-${var.secret}", references: ["var.secret"] } },
          },
        ],
      },
    },
  };
  const x = first(new AuditedPlan(plan));
  expect([x.describe("password"), x.describe("made"), x.describe("none")]).toEqual([
    "a secret value",
    '"x-${?}"',
    "not given",
  ]);
});

test("locals are read from the stack's sources and evaluated with the plan's values", () => {
  const policy = {
    ...r("aws_x.x", { policy: later }),
    expressions: { policy: { constant_value: "${jsonencode(local.document)}", references: ["local.document"] } },
  };
  const sources = { locals: { document: { Resource: "${aws_sqs_queue.q.arn}", Name: "${aws_sqs_queue.q.name}" } } };
  const plan = new AuditedPlan(
    planOf(policy, { ...r("aws_sqs_queue.q", { name: "work" }), marks: { arn: true } }),
    sources,
  );
  expect(first(plan).get("policy")).toBe('{"Resource":"${aws_sqs_queue.q.arn}","Name":"work"}');
  expect(first(new AuditedPlan(planOf(policy))).get("policy")).toEqual(new Unknown());
});

test("an attribute whose expression yields null counts as not given", () => {
  const x = {
    ...r("aws_x.x", { block: [{ key: later }] }),
    expressions: { block: [{ key: { constant_value: "${var.key}", references: ["var.key"] } }] },
  };
  const key = (value: unknown) =>
    first(new AuditedPlan({ ...planOf(x), variables: { key: { value } } })).get("block", 0, "key");
  expect([key(null), key("arn:k")]).toEqual([undefined, "arn:k"]);
});
