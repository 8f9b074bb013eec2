import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { LambdaClient, ListFunctionsCommand } from "@aws-sdk/client-lambda";
import { ListQueuesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { FaultProxy } from "../../scripts/emulator/faults/fault-proxy";
import { planChanges } from "../../scripts/kit/plan-changes";
import { auditedRows } from "../support/audited-rows";
import { EmulatedStack } from "../support/emulated-stack";
import { unexplained } from "../support/emulator-drift";

/** A deployment from nothing to nothing, in the order of the tests. */

let stack: EmulatedStack;
/** Between terraform and the emulator. */
let calls: FaultProxy;

beforeAll(async () => {
  stack = await EmulatedStack.start({}, async (upstream) => {
    calls = await FaultProxy.start({ upstream, random: () => 0 });
    return calls.url;
  });
});
afterAll(async () => {
  await calls?.stop();
  await stack?.stop();
});

/** Denies every call that asks for it; everything else passes. */
function deny(asked: string): void {
  calls.setFaults([{ kind: "deny", when: ({ operation }) => operation === asked }]);
}

/** How many the emulator holds of what terraform could have forgotten, by the type that terraform has for it. */
async function held(): Promise<Record<string, number>> {
  const configuration = {
    endpoint: stack.emulator.endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  };
  const [tables, queues, functions] = await Promise.all([
    new DynamoDBClient(configuration).send(new ListTablesCommand({})),
    new SQSClient(configuration).send(new ListQueuesCommand({})),
    new LambdaClient(configuration).send(new ListFunctionsCommand({})),
  ]);
  return {
    aws_dynamodb_table: tables.TableNames?.length ?? 0,
    aws_sqs_queue: queues.QueueUrls?.length ?? 0,
    aws_lambda_function: functions.Functions?.length ?? 0,
  };
}
const inState = (type: string) =>
  Object.keys(stack.attributes()).filter((address) => address.startsWith(`${type}.`)).length;

test("the plan of a first apply passes the audit, and nothing in it is unknown", async () => {
  expect(
    auditedRows(await stack.plan({ vars: ["deletion_protection=true", "alarm_burn_rates=true"], refresh: false })),
  ).toEqual([]);
});

test("an apply that may not create queues says so, and keeps what it made", async () => {
  deny("CreateQueue");
  await expect(stack.flip([])).rejects.toThrow(/creating SQS Queue.*AccessDenied/s);
  expect(calls.statistics().faults.deny).toBeGreaterThan(0);
  expect(Object.keys(stack.attributes()).length).toBeGreaterThan(10);
});

test("the next apply goes on where it stopped: nothing is replaced, made twice or forgotten", async () => {
  calls.setFaults([]);
  const changes = await stack.flip([], { refresh: true });
  expect(changes.filter(({ action }) => action !== "create" && action !== "update")).toEqual([]);
  const there = await held();
  expect(there).toEqual(Object.fromEntries(Object.keys(there).map((type) => [type, inState(type)])));
  expect(Object.values(there).every((count) => count > 0)).toBe(true);
});

test("plans nothing the second time, but for what the emulator spells otherwise", async () => {
  const plan = (await stack.plan({})) as { resource_changes: unknown[] };
  expect(plan.resource_changes.length).toBeGreaterThan(30);
  expect(unexplained(planChanges(plan))).toEqual([]);
});

test("plain terraform: what stands in an .auto.tfvars.json file stays through an apply with other values, and comes back after one with its own", async () => {
  const file = join(stack.directory, "given.auto.tfvars.json");
  writeFileSync(file, JSON.stringify({ memory_size: 2048, cache_ttl_in_seconds: 7 }));
  const planned = async (...vars: string[]) =>
    ((await stack.plan({ vars, refresh: false })) as { planned_values: { outputs: { settings: { value: object } } } })
      .planned_values.outputs.settings.value;
  expect(await planned("memory_size=1024", "reserved_concurrent_executions=10")).toMatchObject({
    memory_size: 1024,
    reserved_concurrent_executions: 10,
    cache_ttl_in_seconds: 7,
  });
  expect(await planned()).toMatchObject({
    memory_size: 2048,
    reserved_concurrent_executions: 50,
    cache_ttl_in_seconds: 7,
  });
  rmSync(file);
});

test("destroys everything", async () => {
  await stack.flip([], { destroy: true });
  expect(stack.attributes()).toEqual({});
  expect(Object.values(await held()).every((count) => count === 0)).toBe(true);
});
