import { givenEmulator, sandboxEnvironment } from "../../../scripts/emulator/moto";
import { temporaryFolder } from "../../support/temporary-folder";

const HOSTILE = {
  PATH: "/bin",
  AWS_ACCESS_KEY_ID: "AKIAREAL",
  AWS_SECRET_ACCESS_KEY: "real",
  AWS_SESSION_TOKEN: "real",
  AWS_PROFILE: "production",
  AWS_ROLE_ARN: "arn:aws:iam::111111111111:role/admin",
  AWS_WEB_IDENTITY_TOKEN_FILE: "/token",
  AWS_ENDPOINT_URL_DYNAMODB: "https://dynamodb.us-east-1.amazonaws.com",
  AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "true",
  AWS_CONFIG_FILE: "/root/.aws/config",
  AWS_SHARED_CREDENTIALS_FILE: "/root/.aws/credentials",
  HTTPS_PROXY: "http://evil.example",
  http_proxy: "http://evil.example",
  TF_VAR_aws_region: "eu-west-1",
  TF_CLI_ARGS_apply: "-var=name=production",
  TF_DATA_DIR: "/elsewhere",
  TF_WORKSPACE: "production",
  NODE_OPTIONS: "--require /evil.js",
};

test("no variable of a hostile environment is passed on", () => {
  const folder = temporaryFolder("sandbox");
  const environment = sandboxEnvironment(HOSTILE, "http://127.0.0.1:5000", folder);
  expect(environment).toMatchObject({
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
    AWS_ENDPOINT_URL: "http://127.0.0.1:5000",
    AWS_EC2_METADATA_DISABLED: "true",
    HOME: folder,
  });
  const passed = new Set([
    "PATH",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
  ]);
  for (const name of Object.keys(HOSTILE).filter((each) => !passed.has(each)))
    expect(environment).not.toHaveProperty(name);
  expect(environment["AWS_CONFIG_FILE"]).toContain(folder);
  expect(environment["AWS_SHARED_CREDENTIALS_FILE"]).toContain(folder);
});

test.each([
  "https://dynamodb.us-east-1.amazonaws.com",
  "http://10.0.0.1:5000",
  "http://127.0.0.1.evil.example",
  "http://localhost.evil.example",
  "http://127.0.0.1@evil.example",
  "http://2130706433.example",
  "ftp://127.0.0.1",
  "127.0.0.1:5000",
  "http://0.0.0.0:5000",
])("%s as an endpoint is refused, with what is allowed", (endpoint) => {
  expect(() => givenEmulator({ AWS_ENDPOINT_URL: endpoint })).toThrow(
    `AWS_ENDPOINT_URL is "${endpoint}"; the local runtime talks only to an emulator on this machine. ` +
      `Allowed: http://127.0.0.1:<port>`,
  );
});

test.each(["http://127.0.0.1:5000", "http://127.1.2.3:5000", "http://localhost:4566", "http://[::1]:5000"])(
  "%s as an endpoint is taken",
  (endpoint) => {
    expect(givenEmulator({ AWS_ENDPOINT_URL: endpoint })).toBe(endpoint);
  },
);

test("no endpoint means that an emulator is to be started", () => {
  expect(givenEmulator({})).toBeUndefined();
  expect(givenEmulator({ AWS_ENDPOINT_URL: "" })).toBeUndefined();
});
