import { CloudWatchLogsClient, TagResourceCommand } from "@aws-sdk/client-cloudwatch-logs";
import { rehearseKills, type KillsResult } from "./killed-applies";
import { KilledStack } from "../../support/killed-stack";
import { SILENT } from "../../../scripts/kit/context";
import { run } from "../../../scripts/kit/process";
import { unexplained } from "../../support/emulator-drift";
import { plainApply } from "../../support/plain-apply";
import { PROJECT, STACK_DIRECTORY } from "../../support/stack-json";
import { temporaryFolder } from "../../support/temporary-folder";

/**
 * Kills beside those of e2e/killed-apply.test: of what AWS refuses to make twice after minutes, and at random points.
 */

/** Nobody else changes anything, and what is taken over is read all the same. */
const UNREFRESHED = { refresh: false };

describe("one stack, killed at one point after the other", () => {
  let stack: KilledStack;

  beforeAll(async () => {
    // Alarms are put, not made: without them each run is shorter.
    stack = await KilledStack.start({
      stackDirectory: STACK_DIRECTORY,
      folder: temporaryFolder("kills"),
      // Else the emulator does not know the policy of AWS's own that the account's logging role has.
      environment: { ...process.env, MOTO_IAM_LOAD_MANAGED_POLICIES: "true" },
      settings: { alarm_set: "none" },
    });
  });
  afterAll(() => stack?.stop());

  const POINTS = [
    ["a function", /lambda POST .*\/functions$/, "aws_lambda_function"],
    ["the worker's mapping", /lambda POST .*\/event-source-mappings/, "aws_lambda_event_source_mapping"],
  ] as const;

  test.each(POINTS)(
    "killed when %s was made, AWS holds it and terraform does not know it",
    async (_what, operation, type) => {
      const killed = await stack.applyUntilKilled({ operation }, { refresh: false });
      expect(killed.operation).toMatch(operation);
      expect(killed.forgotten.map(({ type: forgotten }) => forgotten)).toContain(type);
    },
  );

  test("applied to the end with --adopt everything that AWS holds is known, nothing is there twice, and a further plan is empty", async () => {
    const { json } = await stack.converge();
    expect((json as { surplus: unknown[] }).surplus).toEqual([]);
    expect(await stack.forgotten()).toEqual([]);
    expect(unexplained(await stack.furtherPlan())).toEqual([]);
  });

  test("a rule, an alias and a permission that no state has are adopted too, though the unknown rule makes the adopted permission a new one", async () => {
    const forgotten = [
      "aws_cloudwatch_event_rule.api_heartbeat_rule",
      "aws_cloudwatch_event_rule.sweep_rule",
      "aws_lambda_alias.api_live_alias",
      "aws_lambda_permission.api_heartbeat_permission",
      "aws_lambda_permission.sweep_permission",
    ];
    const { directory, environment } = await stack.terraform();
    await run("terraform", ["state", "rm", ...forgotten], { cwd: directory, env: environment });
    const { json } = await stack.converge(UNREFRESHED);
    expect(json).toMatchObject({ applied: true, surplus: [] });
    expect(unexplained(await stack.furtherPlan())).toEqual([]);
  });

  /** Makes a role more. */
  const ROLE = ["account_logging_role_enabled=true"];

  test("killed when a role was made: the next apply without --adopt fails, names the role, and says what to do; with --adopt it goes on", async () => {
    const input = { ...UNREFRESHED, vars: ROLE };
    const { operation, forgotten } = await stack.applyUntilKilled({ operation: /iam CreateRole/ }, input);
    expect({ operation, forgotten }).toEqual({
      operation: "iam CreateRole",
      forgotten: [{ type: "aws_iam_role", id: expect.stringContaining("quickturn-dev-") as unknown }],
    });
    const failure = await plainApply(await stack.terraform(), input);
    expect(failure).toMatch(
      /^There already, and not in terraform's state:\n[^]* {2}aws_iam_role\.account_logging_role\[0\] \(quickturn-dev-[\w-]+\)\n/,
    );
    expect(failure).toContain("If a killed apply made it, run again with --adopt");
    expect((await stack.converge(input)).json).toMatchObject({
      adopted: [{ to: "aws_iam_role.account_logging_role[0]" }],
      surplus: [],
    });
  });

  test("what carries another deployment's tags is not adopted, though its name is the same", async () => {
    const address = "aws_cloudwatch_log_group.sweeper_log_group";
    const logs = new CloudWatchLogsClient({
      endpoint: stack.emulator.endpoint,
      region: "us-east-1",
      credentials: { accessKeyId: "local", secretAccessKey: "local" },
    });
    await logs.send(
      new TagResourceCommand({
        resourceArn: "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/quickturn-dev-sweeper",
        tags: { "quickturn:environment": "prod" },
      }),
    );
    logs.destroy();
    const { directory, environment } = await stack.terraform();
    await run("terraform", ["state", "rm", address], { cwd: directory, env: environment });
    await expect(stack.converge(UNREFRESHED)).rejects.toThrow(
      `${address} (/aws/lambda/quickturn-dev-sweeper): its tags say that it is not this deployment's: quickturn:environment is "prod", and this deployment's is "dev"`,
    );
  });
});

test("killed at random points, an apply leaves nothing that the next ones do not know", async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const context = {
    projectDirectory: PROJECT,
    environment: process.env,
    progress: SILENT,
    signal: new AbortController().signal,
  };
  const { exitCode, json } = await rehearseKills(context, { kills: 2, seed });
  const { points, orphans } = json as KillsResult;
  expect({ seed, exitCode, orphans, lost: points.filter(({ recovered }) => !recovered), kills: points.length }).toEqual(
    { seed, exitCode: 0, orphans: [], lost: [], kills: 2 },
  );
});
