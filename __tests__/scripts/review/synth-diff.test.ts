import {
  countBlocks,
  compareStacks,
  type SynthesizedFiles,
  type StackDiff,
  formatStackDiffsMarkdown,
  formatStackDiffs,
} from "../../../scripts/review/synth-diff";

describe("stack diff", () => {
  const stack = (json: object, assets: Record<string, string> = {}): Record<string, SynthesizedFiles> => ({
    api: { json, assets },
  });
  const blocks = (before: object, after: object) => compareStacks(stack(before), stack(after))[0]?.blocks ?? [];

  test("an equal stack is no change, whatever the order of its keys and cdktf's metadata", () => {
    const before = {
      "//": { metadata: 1 },
      resource: { aws_x: { y: { "//": { metadata: { path: "old" } }, a: 1, b: 2 } } },
    };
    const after = {
      resource: { aws_x: { y: { b: 2, a: 1, "//": { metadata: { path: "new" } } } } },
      "//": { metadata: 2 },
    };
    expect(compareStacks(stack(before), stack(after))).toEqual([]);
  });

  test("resources, data, variables, outputs, locals and checks have the addresses that Terraform has for them", () => {
    const after = {
      resource: { aws_a: { x: {} } },
      data: { aws_b: { y: {} } },
      variable: { v: {} },
      output: { o: {} },
      locals: { l: 1 },
      check: { c: {} },
      provider: { aws: [{}] },
      terraform: {},
    };
    expect(blocks({}, after).map(({ address, action }) => `${action} ${address}`)).toEqual([
      "add aws_a.x",
      "add data.aws_b.y",
      "add var.v",
      "add output.o",
      "add check.c",
      "add local.l",
      "add provider.aws",
      "add terraform",
    ]);
  });

  test("a changed resource names its attributes, old and new", () => {
    const lambda = (memory: number) => ({
      resource: { aws_lambda_function: { f: { memory_size: memory, timeout: 3 } } },
    });
    expect(blocks(lambda(1024), lambda(2048))).toEqual([
      {
        address: "aws_lambda_function.f",
        kind: "resource",
        action: "change",
        attributes: [{ path: "memory_size", before: 1024, after: 2048 }],
      },
    ]);
  });

  test("a variable's default and validation are named; a new one's default too", () => {
    const variable = (value: number, condition: string) => ({
      variable: { m: { default: value, validation: [{ condition, error_message: "no" }] } },
    });
    expect(blocks(variable(1, "a"), variable(2, "b"))[0]?.attributes.map(({ path }) => path)).toEqual([
      "default",
      "validation[0].condition",
    ]);
    expect(blocks({}, variable(1, "a"))[0]?.attributes).toEqual([{ path: "default", before: undefined, after: 1 }]);
  });

  test("a removed resource is named without its attributes", () => {
    const found = blocks({ resource: { aws_a: { x: { name: "n" } } } }, { resource: {} });
    expect(found).toEqual([{ address: "aws_a.x", kind: "resource", action: "remove", attributes: [] }]);
    expect(countBlocks(found)).toBe("0 added, 0 changed, 1 removed");
  });

  test("a changed file beside the JSON is a change of its own", () => {
    expect(compareStacks(stack({}, { "a.zip": "1", "b.zip": "1" }), stack({}, { "a.zip": "2", "b.zip": "1" }))).toEqual(
      [{ stack: "api", action: "change", blocks: [], assets: ["a.zip"] }],
    );
  });

  test("an added or removed stack is named, even an empty one", () => {
    expect(compareStacks({}, stack({})).map(({ stack: name, action }) => `${action} ${name}`)).toEqual(["add api"]);
    expect(compareStacks(stack({}), {}).map(({ stack: name, action }) => `${action} ${name}`)).toEqual(["remove api"]);
  });
});

describe("stack diff report", () => {
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

  test("a terminal gets one line for each block, its differences below, and the changed files", () => {
    expect(formatStackDiffs("HEAD", [DIFF])).toBe(
      [
        "agent-api: 1 added, 1 changed, 1 removed; other content in worker.zip",
        "  ~ assets/worker.zip: other content",
        "  - aws_sns_topic.t",
        "  ~ aws_lambda_function.f",
        "      - memory_size = 1024",
        "      + memory_size = 2048",
        "  + var.new",
        "      + default = 5",
      ].join("\n"),
    );
  });

  test("values are shown as Terraform people write them: bare expressions, maps in lines, and of a long text its change", () => {
    const change = (path: string, before: unknown, after: unknown) => ({ path, before, after });
    const attributes = [
      change("count", undefined, "${var.waf_enabled ? 1 : 0}"),
      change("tags", { a: "${local.a}" }, undefined),
      change("description", `${"x".repeat(200)}1`, `${"x".repeat(200)}2`),
    ];
    const blocks = [{ address: "aws_sqs_queue.q", kind: "resource", action: "change", attributes } as const];
    expect(
      formatStackDiffs("HEAD", [{ ...DIFF, assets: [], blocks }])
        .split("\n")
        .slice(2),
    ).toEqual([
      "      + count = var.waf_enabled ? 1 : 0",
      "      - tags = {",
      "      -   a = local.a",
      "      - }",
      expect.stringMatching(/^ {6}description: …x+1" -> …x+2"$/),
    ]);
  });

  test("a pull request gets the same in a block of code", () => {
    const markdown = formatStackDiffsMarkdown("main", [DIFF]);
    expect(markdown).toMatch(
      /^agent-api: 1 added, 1 changed, 1 removed; other content in worker\.zip since `main`\.\n\n```text\n/,
    );
    expect(markdown).toContain("      - memory_size = 1024\n      + memory_size = 2048\n");
  });

  test("without a change the report names what it was compared with", () => {
    expect(formatStackDiffs("HEAD^1", [])).toBe("The Terraform JSON is that of HEAD^1.");
    expect(formatStackDiffsMarkdown("HEAD^1", [])).toBe("The Terraform JSON is that of `HEAD^1`.\n");
  });

  test("further differences of a block are counted, and a new stack is marked as new", () => {
    const attributes = Array.from({ length: 20 }, (_, index) => ({ path: `a${index}`, before: 0, after: 1 }));
    const text = formatStackDiffs("HEAD", [
      {
        stack: "state",
        action: "add",
        blocks: [{ address: "local.x", kind: "local", action: "change", attributes }],
        assets: [],
      },
    ]);
    expect(text).toContain("state (a new stack): 0 added, 1 changed, 0 removed");
    expect(text).toContain("+ a5 = 1\n      and 28 more lines");
  });
});
