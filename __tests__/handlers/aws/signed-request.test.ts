import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SQSClient } from "@aws-sdk/client-sqs";
import { makeEndpoint, openSigner } from "../../../handlers/aws/signed-request";

/** AWS_REGION and the keys. */
const VARIABLES = { AWS_REGION: "us-east-1", AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" };
const CREDENTIALS = { accessKeyId: "test", secretAccessKey: "test" };

test.each([
  "us-east-1",
  "eu-central-1",
  "us-gov-west-1",
  "cn-north-1",
  "us-iso-east-1",
  "us-isob-east-1",
  "us-isof-south-1",
  "eu-isoe-west-1",
  "eusc-de-east-1",
])("in %s a service is found where the SDK finds it", async (region) => {
  for (const [service, client] of [
    ["dynamodb", new DynamoDBClient({ region, credentials: CREDENTIALS })],
    ["sqs", new SQSClient({ region, credentials: CREDENTIALS })],
  ] as const) {
    const found = client.config.endpointProvider({ Region: region } as never);
    expect(makeEndpoint(service, region)).toBe(found.url.href.replace(/\/$/, ""));
  }
});

test.each([
  [{}, undefined, "dynamodb.us-east-1.amazonaws.com"],
  [{}, "https://elsewhere", "elsewhere"],
  [{ AWS_ENDPOINT_URL: "http://127.0.0.1:9" }, "https://elsewhere", "127.0.0.1"],
  [
    { AWS_ENDPOINT_URL: "http://127.0.0.1:9", AWS_ENDPOINT_URL_DYNAMODB: "http://localhost:8000" },
    undefined,
    "localhost",
  ],
])("told %j and the endpoint %s it calls %s", async (told, endpoint, hostname) => {
  expect((await openSigner("dynamodb", { ...VARIABLES, ...told }, endpoint)({}, "{}")).hostname).toBe(hostname);
});

test("the length is that of the bytes, and the body's hash is signed", async () => {
  const { headers, body } = await openSigner("dynamodb", VARIABLES)({}, '{"a":"€"}');
  expect(body).toBe('{"a":"€"}');
  expect(headers["content-length"]).toBe("11");
  expect(headers["x-amz-content-sha256"]).toMatch(/^[0-9a-f]{64}$/);
});
