import { KilledStack } from "../support/killed-stack";
import type { PlanInput } from "../../scripts/kit/terraform";
import { unexplained } from "../support/emulator-drift";
import { plainApply } from "../support/plain-apply";
import { STACK_DIRECTORY } from "../support/stack-json";
import { temporaryFolder } from "../support/temporary-folder";

/**
 * One stack, whose apply is killed again and again with kill -9, each time right after AWS has made something and
 * before terraform is told: one kill of each kind. Further points, and random ones: proof/kills. In the order of the
 * tests: each begins where the kill before has left it.
 */

let stack: KilledStack;

beforeAll(async () => {
  stack = await KilledStack.start({
    stackDirectory: STACK_DIRECTORY,
    folder: temporaryFolder("killed"),
    environment: process.env,
    // Alarms are put, not made: without them each run is shorter.
    settings: { alarm_set: "none" },
  });
});
afterAll(() => stack?.stop());

/** Nobody else changes anything, and what is taken over is read all the same. */
const UNREFRESHED = { refresh: false };

/** What `quickturn apply --adopt` does. */
const adoptingApply = async (input: PlanInput) =>
  (await stack.converge(input)).json as {
    adopted: { to: string }[];
    surplus: unknown[];
    changes: { action: string; type: string }[];
  };

test("killed when the API was made: the next apply without --adopt names it and applies nothing, because AWS would make a second one without a word", async () => {
  const { operation, forgotten } = await stack.applyUntilKilled(
    { operation: /apigateway POST \/restapis$/ },
    UNREFRESHED,
  );
  expect(operation).toBe("apigateway POST /restapis");
  const { id } = forgotten.find(({ type }) => type === "aws_api_gateway_rest_api")!;
  expect(await plainApply(await stack.terraform(), UNREFRESHED)).toMatch(
    new RegExp(
      `^There already, and not known to terraform, [^]*\\n  aws_api_gateway_rest_api\\.rest_api \\(${id}\\)\\n[^]*Nothing was applied\\.`,
    ),
  );
});

test("applied to the end with --adopt everything that AWS holds is known, and nothing is there twice", async () => {
  const { adopted, surplus } = await adoptingApply(UNREFRESHED);
  expect({ adopted: adopted.map(({ to }) => to), surplus }).toEqual({
    adopted: expect.arrayContaining(["aws_api_gateway_rest_api.rest_api"]) as unknown,
    surplus: [],
  });
  expect(await stack.forgotten()).toEqual([]);
});

test("killed in the middle of an update, run again it converges in place, and nothing has to be adopted", async () => {
  const vars = ["memory_size=2048", "cache_enabled=false"];
  const before = Number((await (await stack.terraform()).output())["newest_version"]);
  const { operation } = await stack.applyUntilKilled(
    { operation: /lambda PUT .*\/configuration$/ },
    { ...UNREFRESHED, vars },
  );
  expect(operation).toMatch(/functions\/quickturn-dev-worker\/configuration$/);
  const json = await adoptingApply({ vars });
  // The function was changed already, so that a look at AWS finds nothing to do; its version is published all the same.
  expect(json).toMatchObject({
    applied: true,
    adopted: [],
    surplus: [],
    outputs: {
      newest_version: String(before + 1),
      live_version: String(before + 1),
      settings: { memory_size: 2048, cache_enabled: false },
    },
  });
  expect(
    json.changes.filter(({ action, type }) => action !== "update" && type !== "aws_api_gateway_deployment"),
  ).toEqual([]);
  expect(await stack.forgotten()).toEqual([]);
});

test("after all kills a further plan is empty", async () => {
  expect(unexplained(await stack.furtherPlan({ vars: ["memory_size=2048", "cache_enabled=false"] }))).toEqual([]);
});
