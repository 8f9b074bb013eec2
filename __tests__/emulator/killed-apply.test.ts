import { CloudWatchLogsClient, TagResourceCommand } from "@aws-sdk/client-cloudwatch-logs";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { applyPlan } from "../../scripts/commands/apply-plan";
import { KilledStack } from "../../scripts/commands/killed-stack";
import { makePlan } from "../../scripts/commands/plan";
import { seededRandom } from "../../scripts/judges/statistics/seeded-random";
import { SILENT } from "../../scripts/progress";
import { run } from "../../scripts/tools/process";
import { unexplained } from "../support/emulator-drift";
import { STACK_DIRECTORY } from "../support/stack-json";

/**
 * One stack, whose apply is killed again and again with kill -9, each time right after AWS has made something and before
 * terraform is told. In the order of the tests: each begins where the kill before has left it.
 */
jest.setTimeout(900_000);

let folder: string;
let stack: KilledStack;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "quickturn-test-"));
  // Alarms are put, not made: without them each run is shorter.
  stack = await KilledStack.start({ stackDirectory: STACK_DIRECTORY, folder, environment: process.env, settings: { alarm_set: "none" } });
});
afterAll(async () => {
  await stack?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** What `quickturn apply` does without --adopt; its failure as text. */
async function plainApply(): Promise<string> {
  const terraform = await stack.terraform();
  const made = await makePlan(terraform, {}, SILENT);
  return applyPlan(terraform, made, SILENT).then(() => "applied", (error: Error) => error.message);
}
const typesOf = (resources: readonly { type: string }[]) => resources.map(({ type }) => type);

test("killed when a role was made: the next apply without --adopt fails, names the role, and says what to do", async () => {
  const { operation, forgotten } = await stack.applyUntilKilled({ operation: /iam CreateRole/ });
  expect(operation).toBe("iam CreateRole");
  expect(typesOf(forgotten)).toContain("aws_iam_role");
  const failure = await plainApply();
  expect(failure).toMatch(/^There already, and not in terraform's state:\n[^]* {2}aws_iam_role\.\w+_role \(quickturn-dev-(api|worker|sweeper)\)\n/);
  expect(failure).toContain("If a killed apply made it, run again with --adopt");
});

/** What was worst before: refused after minutes, or made a second time without a word. */
const WORST = [/lambda POST .*\/functions$/, /apigateway POST \/restapis$/, /lambda POST .*\/event-source-mappings/];
/** Nobody else changes anything, and what is taken over is read all the same. */
const UNREFRESHED = { refresh: false };

test("killed at each of the worst points, and at a random one between, it goes on from there", async () => {
  const random = seededRandom(7);
  const left = new Set(WORST);
  const forgotten = new Set<string>();
  for (let kills = 0; left.size > 0 && kills < 5; kills++) {
    const point = kills === 2 ? { changes: 1 + Math.floor(random() * 6) } : { operation: new RegExp([...left].map(({ source }) => source).join("|")) };
    const killed = await stack.applyUntilKilled(point, UNREFRESHED);
    if (killed.operation === undefined) break;
    for (const worst of WORST) if (worst.test(killed.operation)) left.delete(worst);
    const types = typesOf(killed.forgotten);
    if (types.includes("aws_api_gateway_rest_api") && !forgotten.has("aws_api_gateway_rest_api")) {
      // AWS would make a second API without a word.
      const { id } = killed.forgotten.find(({ type }) => type === "aws_api_gateway_rest_api")!;
      expect(await plainApply()).toMatch(new RegExp(`^There already, and not known to terraform, [^]*\\n  aws_api_gateway_rest_api\\.rest_api \\(${id}\\)\\n[^]*Nothing was applied\\.`));
    }
    for (const type of types) forgotten.add(type);
  }
  expect([...forgotten]).toEqual(expect.arrayContaining(["aws_lambda_function", "aws_api_gateway_rest_api", "aws_lambda_event_source_mapping"]));
});

test("applied to the end with --adopt everything that AWS holds is known, nothing is there twice, and a further plan is empty", async () => {
  const { json } = await stack.converge();
  expect((json as { surplus: unknown[] }).surplus).toEqual([]);
  expect(await stack.forgotten()).toEqual([]);
  expect(unexplained(await stack.furtherPlan())).toEqual([]);
});

test("killed in the middle of an update, run again it converges in place, and nothing has to be adopted", async () => {
  const vars = ["memory_size=2048", "cache_enabled=false"];
  const before = Number((await (await stack.terraform()).output())["newest_version"]);
  const { operation } = await stack.applyUntilKilled({ operation: /lambda PUT .*\/configuration$/ }, { ...UNREFRESHED, vars });
  expect(operation).toMatch(/functions\/quickturn-dev-worker\/configuration$/);
  const { json } = await stack.converge({ vars });
  // The function was changed already, so that a look at AWS finds nothing to do; its version is published all the same.
  expect(json).toMatchObject({ applied: true, adopted: [], surplus: [], outputs: { newest_version: String(before + 1), live_version: String(before + 1), settings: { memory_size: 2048, cache_enabled: false } } });
  expect((json as { changes: { action: string; type: string }[] }).changes.filter(({ action, type }) => action !== "update" && type !== "aws_api_gateway_deployment")).toEqual([]);
  expect(await stack.forgotten()).toEqual([]);
  expect(unexplained(await stack.furtherPlan({ vars }))).toEqual([]);
});

test("what carries another deployment's tags is not adopted, though its name is the same", async () => {
  const address = "aws_cloudwatch_log_group.sweeper_log_group";
  const logs = new CloudWatchLogsClient({ endpoint: stack.emulator.endpoint, region: "us-east-1", credentials: { accessKeyId: "local", secretAccessKey: "local" } });
  await logs.send(new TagResourceCommand({ resourceArn: "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/quickturn-dev-sweeper", tags: { "quickturn:environment": "prod" } }));
  logs.destroy();
  const { directory, environment } = await stack.terraform();
  await run("terraform", ["state", "rm", address], { cwd: directory, env: environment });
  await expect(stack.converge(UNREFRESHED)).rejects.toThrow(`${address} (/aws/lambda/quickturn-dev-sweeper): its tags say that it is not this deployment's: quickturn:environment is "prod", and this deployment's is "dev"`);
});
