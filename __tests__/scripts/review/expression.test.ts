import { evaluate } from "../../../scripts/review/expression";
import { Unknown, isUnclear } from "../../../scripts/review/plan-json";

const VALUES: Readonly<Record<string, unknown>> = {
  "var.mode": "iam",
  "var.none": null,
  "var.names": ["a", "b"],
  "var.agents": [{ name: "x", phases: null }],
  "local.table": { iam: { size: 3 } },
  "var.on": true,
};
const scope = {
  lookUp: (path: readonly (string | number)[]): unknown => {
    const name = path.join(".");
    if (name === "aws_sns_topic.t.*") return [{ arn: new Unknown("aws_sns_topic.t[0].arn") }];
    if (name.startsWith("aws_")) return new Unknown(name);
    return name in VALUES ? VALUES[name] : new Unknown();
  },
};
const value = (text: string) => evaluate(text, scope);

test.each<[string, unknown]>([
  ["plain", "plain"],
  ["$${kept}", "${kept}"],
  ["${var.mode}", "iam"],
  ["a-${var.mode}-b", "a-iam-b"],
  ["${6 * 2 + 1}", 13],
  ["${(1 + 2) * 3 - 4 / 2}", 7],
  ["${-1 < 0 && !false || false}", true],
  ['${var.mode == "iam" ? [1] : []}', [1]],
  ["${var.none == null}", true],
  ['${{ iam = ["x"], none = [] }[var.mode]}', ["x"]],
  ['${concat(["a"], var.names, var.on ? ["c"] : [])}', ["a", "a", "b", "c"]],
  ["${coalesce(var.none, local.table[var.mode].size)}", 3],
  ['${lookup({ a = 1 }, "b", 2)}', 2],
  ['${trimprefix("https://host", "https://")}:sub', "host:sub"],
  ['${["repo:${var.mode}:x"]}', ["repo:iam:x"]],
  ['${[for name in var.names : "${name}!" if name != "a"]}', ["b!"]],
  ["${{ for key, value in { a = 1, b = null } : key => value if value != null }}", { a: 1 }],
  [
    "${length(var.agents) > 0 ? jsonencode([for agent in var.agents : { for key, value in merge(agent, { " +
      'phases = agent.phases != null ? agent.phases : [1] }) : key => value }]) : ""}',
    '[{"name":"x","phases":[1]}]',
  ],
  ["${one(aws_sns_topic.t[*].arn)}", new Unknown("aws_sns_topic.t[0].arn")],
  ["${nonsensitive(tostring(max(1, 2)))}", "2"],
])("%s is %j", (text, expected) => expect(value(text)).toEqual(expected));

test("a value that is known after the apply keeps its source, also inside a text", () => {
  expect(value("${aws_s3_bucket.b.arn}")).toEqual(new Unknown("aws_s3_bucket.b.arn"));
  expect(value("${aws_s3_bucket.b.arn}/results/*")).toBe("${aws_s3_bucket.b.arn}/results/*");
  expect(value("${jsonencode({ Resource = aws_s3_bucket.b.arn })}")).toBe('{"Resource":"${aws_s3_bucket.b.arn}"}');
});

test.each([
  '${sha256("x")}',
  "${var.missing}",
  "${var.missing ? 1 : 2}",
  "${1 +}",
  "%{ if true }x%{ endif }",
  "${[for x in var.missing : x]}",
  "${var.names[var.missing]}",
])("%s is unknown", (text) => expect(value(text)).toEqual(new Unknown()));

test("a value without a source makes a text unclear, and one with a source does not", () => {
  expect(isUnclear(value("a-${var.missing}"))).toBe(true);
  expect(isUnclear(value("a-${aws_s3_bucket.b.arn}"))).toBe(false);
});

test("the values of objects and lists are evaluated, and so are keys", () =>
  expect(evaluate({ "${var.mode}": ["${var.on}", 1, null] }, scope)).toEqual({ iam: [true, 1, null] }));
