import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { audit, readOwnSuppressions, type AuditOptions } from "../../../scripts/review/audit";
import { SILENT } from "../../../scripts/kit/context";
import { auditedFixture } from "../../support/audited-plan";
import { temporaryFolder } from "../../support/temporary-folder";
import { planOf, resource as r } from "./small-plans";

const project = temporaryFolder("audit");
const context = { projectDirectory: project, environment: {}, progress: SILENT, signal: new AbortController().signal };
const file = (name: string, content: unknown): string => {
  const path = join(project, name);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
};
mkdirSync(project, { recursive: true });
file("package.json", { version: "1.2.3" });
const bad = file("bad.json", planOf(r("aws_lambda_permission.p", { principal: "*" })));
const SUPPRESSION = {
  rule: "function-permission-names-its-caller",
  resource: "aws_lambda_permission.p",
  reason: "A trial.",
  until: "2027-01-31",
};
const run = (options: AuditOptions, today = "2027-01-01") => audit(context, options, today);

test("a plan's JSON in which something fails ends with 1, and says what", async () => {
  const { exitCode, text, json } = await run({ planJson: bad });
  expect(exitCode).toBe(1);
  expect(text).toContain(
    "function-permission-names-its-caller: Who may call the function is named (CKV_AWS_301)\n" +
      '      principal is "*"; allowed: a service or an account.',
  );
  expect(json).toMatchObject({ good: false, expired: [], unmatched: [] });
});

test("a plan's JSON in which nothing fails ends with 0", async () => {
  const good = file("good.json", auditedFixture("pipeline-access").plan);
  expect(await run({ planJson: good, stack: "pipeline-access" })).toMatchObject({
    exitCode: 0,
    text: expect.stringMatching(/^Audit: nothing fails\. .*0 failed/) as unknown,
  });
});

test("the user's suppressions hold until the end of their day, from the option or from audit.json", async () => {
  const mine = file("mine.json", { suppressions: [SUPPRESSION] });
  expect((await run({ planJson: bad, suppressions: mine })).exitCode).toBe(0);
  expect((await run({ planJson: bad, suppressions: mine }, "2027-02-01")).exitCode).toBe(1);
  expect(readOwnSuppressions(context)).toEqual([]);
  file("audit.json", { suppressions: [SUPPRESSION] });
  expect((await run({ planJson: bad })).text).toContain(
    "function-permission-names-its-caller, until 2027-01-31: aws_lambda_permission.p\n      A trial.",
  );
  file("audit.json", { suppressions: [] });
});

test("a SARIF file is written, for the stack's source", async () => {
  const sarif = join(project, "out/audit.sarif");
  await run({ planJson: bad, sarif, stack: "state" });
  const written = readFileSync(sarif, "utf8");
  expect(JSON.parse(written)).toMatchObject({
    version: "2.1.0",
    runs: [{ tool: { driver: { version: "1.2.3" } }, results: [{ ruleId: "function-permission-names-its-caller" }] }],
  });
  expect(written).toContain('"uri": "stacks/state-stack.ts"');
});

test.each<[string, AuditOptions, RegExp]>([
  [
    "a plan's JSON that is not there",
    { planJson: join(project, "none.json") },
    /The plan .*none\.json cannot be read: .*Give the path of a JSON file/,
  ],
  ["a state's JSON", { planJson: file("state.json", { values: {} }) }, /The document is no plan/],
  [
    "a saved plan that is not there",
    { plan: join(project, "none.tfplan") },
    /--plan .*none\.tfplan is not there\. Write it: npx quickturn plan --out /,
  ],
  ["both plans", { plan: bad, planJson: bad }, /--plan and --plan-json were both given; allowed: one of them/],
  [
    "values beside a plan",
    { planJson: bad, vars: ["a=1"] },
    /--plan-json has its values in it, and --var, --var-file or --reset was given too/,
  ],
  ["a value taken back beside a plan", { planJson: bad, reset: ["a"] }, /--plan-json has its values in it/],
  [
    "a file of suppressions that is not there",
    { planJson: bad, suppressions: join(project, "none.json") },
    /The file of suppressions .*none\.json cannot be read/,
  ],
  [
    "suppressions that cannot be read",
    { planJson: bad, suppressions: file("wrong.json", { suppressions: [{ ...SUPPRESSION, until: "soon" }] }) },
    /wrong\.json has suppressions that cannot be read:\n {2}1: until is "soon"; allowed: a day as YYYY-MM-DD/,
  ],
])("%s is refused", async (_, options, message) => {
  await expect(run(options)).rejects.toMatchObject({
    name: "UsageError",
    message: expect.stringMatching(message) as unknown,
  });
});

test("a plan that cannot be made ends with 2, because nothing was judged", async () => {
  const nowhere = { ...context, projectDirectory: join(project, "nowhere") };
  const { exitCode, json } = await audit(nowhere, {}, "2027-01-01");
  expect({ exitCode, json }).toEqual({
    exitCode: 2,
    json: { error: { kind: "failed", message: expect.any(String) as unknown, exitCode: 2 } },
  });
});
