import {
  readAliases,
  readFunctions,
  readMappings,
  readPermissions,
  readQueues,
  parseLambdaArn,
  mayInvoke,
} from "../../../../scripts/emulator/applied/functions";
import { State } from "../../../../scripts/emulator/applied/applied";
import { alias, folder, functionArn, lambda, permission, resource, state, type Resource } from "../fixtures";

describe("applied functions", () => {
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

  test("a mapping is read with its batch size, its maximum concurrency and its response types", () => {
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
});

describe("lambda arn", () => {
  test("an ARN is read with and without a qualifier", () => {
    expect(parseLambdaArn(functionArn("api"))).toEqual({ functionName: "api", qualifier: "live" });
    expect(parseLambdaArn(functionArn("api", "$LATEST"))?.qualifier).toBe("$LATEST");
    expect(parseLambdaArn("arn:aws:lambda:us-east-1:123456789012:function:api")?.qualifier).toBeUndefined();
  });

  test("an ARN of another service is not read", () => {
    expect(parseLambdaArn("arn:aws:sqs:us-east-1:123456789012:work")).toBeUndefined();
  });
});

describe("permission", () => {
  const GATEWAY = "apigateway.amazonaws.com";
  const entry = {
    principal: GATEWAY,
    functionName: "api",
    qualifier: "live",
    sourceArn: "arn:aws:execute-api:us-east-1:1:api1/*/GET/x",
  };

  test("principal, function, qualifier and source all have to fit", () => {
    const may = (principal: string, functionArn: string, sourceArn: string) =>
      mayInvoke([entry], { principal, functionArn, sourceArn });
    const good = "arn:aws:execute-api:us-east-1:1:api1/local/GET/x";
    expect(may(GATEWAY, functionArn("api"), good)).toBe(true);
    expect([
      may("events.amazonaws.com", functionArn("api"), good),
      may(GATEWAY, functionArn("api", "blue"), good),
      may(GATEWAY, functionArn("other"), good),
      may(GATEWAY, functionArn("api"), good.replace("GET", "POST")),
    ]).toEqual([false, false, false, false]);
  });

  test("a permission without a source lets every source in", () => {
    expect(
      mayInvoke([{ ...entry, sourceArn: undefined }], {
        principal: GATEWAY,
        functionArn: functionArn("api"),
        sourceArn: "anything",
      }),
    ).toBe(true);
  });

  test("a pattern's other characters are literal", () => {
    expect(
      mayInvoke([{ ...entry, sourceArn: "a.c(1)?" }], {
        principal: GATEWAY,
        functionArn: functionArn("api"),
        sourceArn: "abc(1)x",
      }),
    ).toBe(false);
    expect(
      mayInvoke([{ ...entry, sourceArn: "a.c(1)?" }], {
        principal: GATEWAY,
        functionArn: functionArn("api"),
        sourceArn: "a.c(1)x",
      }),
    ).toBe(true);
  });
});
