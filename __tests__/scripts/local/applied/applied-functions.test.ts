import {
  readAliases,
  readFunctions,
  readMappings,
  readPermissions,
  readQueues,
} from "../../../../scripts/local/applied/applied-functions";
import { State } from "../../../../scripts/local/applied/state";
import { alias, folder, functionArn, lambda, permission, resource, state, type Resource } from "../fixtures";

function parse(...resources: (Resource | Resource[])[]): State {
  return State.parse(state(...resources));
}

test("a function is read with its limits; -1 is no reserved concurrency and 0 is off", () => {
  const read = (reserved: number) =>
    readFunctions(
      parse(lambda(folder(), { code: "", reserved, timeout: 7, memory_size: 1024, environment: { A: "1" } })),
    )[0]!;
  expect(read(-1)).toMatchObject({
    reservedConcurrency: undefined,
    newest: { timeoutSeconds: 7, memoryMiB: 1024, environment: { A: "1" }, version: "1" },
  });
  expect(read(0).reservedConcurrency).toBe(0);
  expect(read(10).reservedConcurrency).toBe(10);
});

test("an alias is read with its weights", () => {
  expect(readAliases(parse(alias("api", "1", { 2: 0.1 })))).toEqual([
    { name: "live", functionName: "api", version: "1", weights: { 2: 0.1 } },
  ]);
});

test("a permission is read from a name with a qualifier, or an ARN", () => {
  const values = { action: "lambda:InvokeFunction", principal: "p", function_name: functionArn("api", "blue") };
  expect(
    readPermissions(parse(permission("api"), resource("aws_lambda_permission", "b", values))).map(
      ({ functionName, qualifier }) => [functionName, qualifier],
    ),
  ).toEqual([
    ["api", "live"],
    ["api", "blue"],
  ]);
});

test("a queue is read with its visibility", () => {
  expect(
    readQueues(parse(resource("aws_sqs_queue", "q", { arn: "a", url: "u", visibility_timeout_seconds: 90 }))),
  ).toEqual([{ arn: "a", url: "u", visibilityTimeoutSeconds: 90 }]);
});

const MAPPING = {
  uuid: "u",
  event_source_arn: "arn:q",
  batch_size: 1,
  function_response_types: ["ReportBatchItemFailures"],
  scaling_config: [{ maximum_concurrency: 2 }],
};

test("a mapping is read with its batch, its maximum and its answers", () => {
  expect(
    readMappings(
      parse(resource("aws_lambda_event_source_mapping", "m", { ...MAPPING, function_name: functionArn("api") })),
    )[0],
  ).toMatchObject({
    functionArn: functionArn("api"),
    enabled: true,
    batchSize: 1,
    batchingWindowSeconds: 0,
    maximumConcurrency: 2,
    reportsBatchItemFailures: true,
  });
});

test("a mapping whose alias the emulator wrote as a version follows the alias that it refers to", () => {
  const mapping = resource("aws_lambda_event_source_mapping", "m", {
    ...MAPPING,
    function_name: functionArn("api", "3"),
  });
  expect(readMappings(parse(alias("api", "4"), mapping))[0]!.functionArn).toBe(functionArn("api", "3"));
  expect(
    readMappings(parse(alias("api", "4"), { ...mapping, depends_on: ["aws_lambda_alias.api"] }))[0]!.functionArn,
  ).toBe(functionArn("api"));
});
