import { functionEnvironment } from "../../../../scripts/local/functions/function-environment";

test("what Lambda sets wins over an applied variable of the same name", () => {
  const version = {
    functionName: "f",
    version: "3",
    handler: "index.handler",
    runtime: "nodejs22.x",
    memoryMiB: 512,
    timeoutSeconds: 3,
    environment: { AWS_REGION: "mine", A: "1" },
    codeSha256: "",
  };
  const environment = functionEnvironment({
    version,
    region: "eu-west-1",
    endpoint: "http://127.0.0.1:1",
    taskRoot: "/task",
    runtimeApi: "127.0.0.1:2",
    logStream: "s",
  });
  expect(
    functionEnvironment({
      version,
      region: "eu-west-1",
      endpoint: "",
      taskRoot: "",
      runtimeApi: "",
      logStream: "",
      processVariables: { NODE_EXTRA_CA_CERTS: "/ca.pem", A: "2", AWS_REGION: "other" },
    }),
  ).toMatchObject({ NODE_EXTRA_CA_CERTS: "/ca.pem", A: "1", AWS_REGION: "eu-west-1" });
  expect(environment).toMatchObject({
    A: "1",
    AWS_REGION: "eu-west-1",
    AWS_LAMBDA_FUNCTION_VERSION: "3",
    LAMBDA_TASK_ROOT: "/task",
    _HANDLER: "index.handler",
    AWS_EXECUTION_ENV: "AWS_Lambda_nodejs22.x",
    AWS_ACCESS_KEY_ID: "local-f",
  });
});
