import { handWritten, handWrittenState, type AppliedResource, type WrittenStack } from "../../../../bench/hand-written";

const terraform = {
  required_version: ">= 1.11.0",
  required_providers: { aws: { source: "hashicorp/aws", version: "5.100.0" } },
};
const ROLE_ARN = "arn:aws:iam::123456789012:role/quickturn";
const role: AppliedResource = {
  mode: "managed",
  type: "aws_iam_role",
  name: "role",
  values: { arn: ROLE_ARN, name: "quickturn", tags_all: { team: "a", own: "x" } },
};

/** The resource of a stack that also has a role. */
function written(
  body: object,
  values: object,
  { locals = {}, index }: { locals?: Record<string, unknown>; index?: string | number } = {},
): string {
  const stack: WrittenStack = {
    terraform,
    locals,
    resource: {
      aws_iam_role: { role: { name: "${var.name}" } },
      aws_thing: { thing: body as Record<string, unknown> },
    },
  };
  const thing: AppliedResource = {
    mode: "managed",
    type: "aws_thing",
    name: "thing",
    values: values as Record<string, unknown>,
    ...(index !== undefined && { index }),
  };
  return handWritten(stack, [role, thing], "us-east-1").split('resource "aws_thing" ')[1] ?? "";
}

test("the provider has the region and the tags that all resources have", () => {
  const other: AppliedResource = { ...role, name: "role", values: { name: "b", tags_all: { team: "a" } } };
  const text = handWritten(
    { terraform, resource: { aws_iam_role: { role: { name: "x" } } } },
    [role, other],
    "eu-west-1",
  );
  expect(text).toContain('region = "eu-west-1"');
  expect(text).toMatch(/tags = \{\n\s+"team" = "a"\n\s+\}/);
});

test("settings become literals, and what was not set is left out", () => {
  expect(
    written(
      { memory: "${local.memory}", unset: "${var.nothing}", "//": {} },
      { memory: 512, unset: null, computed: "by AWS" },
    ),
  ).toBe('"thing" {\n  memory = 512\n}\n');
});

test("a reference stays one, also where a local or an index is between", () => {
  const locals = { role: "${aws_iam_role.role[0].arn}" };
  expect(written({ role: "${local.role}" }, { role: ROLE_ARN }, { locals })).toContain("role = aws_iam_role.role.arn");
  expect(written({ role: "${var.role}" }, { role: ROLE_ARN })).toContain(`role = "${ROLE_ARN}"`);
});

test("a document that an expression encodes is encoded, with its references; other JSON is a text", () => {
  const document = JSON.stringify({ Resource: `${ROLE_ARN}/*` });
  expect(written({ policy: "${jsonencode({ Resource = aws_iam_role.role.arn })}" }, { policy: document })).toContain(
    'policy = jsonencode({\n    "Resource" = "${aws_iam_role.role.arn}/*"\n  })',
  );
  expect(written({ format: document }, { format: document })).toContain(`format = ${JSON.stringify(document)}`);
});

test("the hash of a file is taken of the file", () => {
  expect(written({ hash: '${filebase64sha256("${path.module}/a.zip")}' }, { hash: "abc" })).toContain(
    'hash = filebase64sha256("${path.module}/a.zip")',
  );
});

test("blocks are blocks, dynamic ones too, and hold what the stack sets in them", () => {
  const body = {
    settings: { a: 1, off: "${null}" },
    dynamic: {
      scaling: { for_each: "${[true]}", content: { most: "${local.most}" } },
      none: { for_each: "${[]}", content: {} },
    },
  };
  expect(written(body, { settings: [{ a: 1, off: null, computed: 5 }], scaling: [{ most: 50 }], none: [] })).toBe(
    '"thing" {\n  settings {\n    a = 1\n  }\n  scaling {\n    most = 50\n  }\n}\n',
  );
});

test("one of several has its key in its name, and is waited for under it", () => {
  expect(
    written(
      {
        a: 1,
        depends_on: ["aws_iam_role.role", "aws_gone.gone"],
        lifecycle: { create_before_destroy: true, precondition: [] },
      },
      { a: 1 },
      { index: "key-1" },
    ),
  ).toBe(
    '"thing_key_1" {\n  a = 1\n  depends_on = [aws_iam_role.role]\n  lifecycle {\n    create_before_destroy = true\n  }\n}\n',
  );
});

test("a resource of another stack is refused", () => {
  expect(() => handWritten({ terraform, resource: {} }, [role], "us-east-1")).toThrow(
    "aws_iam_role.role was applied and is not in the stack; expected the state of this stack",
  );
});

test("the state has the same resources under the new names, and nothing of data sources, outputs and checks", () => {
  const state = {
    version: 4,
    outputs: { a: 1 },
    check_results: [],
    resources: [
      { mode: "data", type: "aws_region", name: "current", instances: [{}] },
      {
        mode: "managed",
        type: "aws_a",
        name: "a",
        instances: [
          { index_key: 0, attributes: { id: "0" } },
          { index_key: 1, attributes: { id: "1" } },
        ],
      },
      {
        mode: "managed",
        type: "aws_b",
        name: "b",
        instances: [{ dependencies: ["aws_a.a", "data.aws_region.current"] }],
      },
    ],
  };
  expect(handWrittenState(state)).toEqual({
    version: 4,
    outputs: {},
    check_results: null,
    resources: [
      { mode: "managed", type: "aws_a", name: "a", instances: [{ attributes: { id: "0" }, dependencies: [] }] },
      { mode: "managed", type: "aws_a", name: "a_1", instances: [{ attributes: { id: "1" }, dependencies: [] }] },
      { mode: "managed", type: "aws_b", name: "b", instances: [{ dependencies: ["aws_a.a", "aws_a.a_1"] }] },
    ],
  });
});
