import type { IncomingMessage } from "node:http";
import { readRequest } from "../../../scripts/faults/proxied-request";

const connection = { number: 7, isOlder: true };
const message = (headers: IncomingMessage["headers"], ...chunks: string[]) =>
  Object.assign(
    (async function* () {
      yield* chunks.map((chunk) => Buffer.from(chunk));
    })(),
    { method: "POST", url: "/q?x=1", headers },
  ) as unknown as IncomingMessage;

test("a request is read whole, with the service of its signature and the operation of its target", async () => {
  const authorization =
    "AWS4-HMAC-SHA256 Credential=AKID/20260301/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0";
  const headers = { authorization, "x-amz-target": "DynamoDB_20120810.UpdateItem" };
  expect(await readRequest(message(headers, "a", "b"), connection)).toEqual({
    method: "POST",
    path: "/q?x=1",
    headers,
    body: Buffer.from("ab"),
    service: "dynamodb",
    operation: "UpdateItem",
    connection,
  });
});

test("one without signature and target has neither service nor operation", async () => {
  expect(await readRequest(message({}), connection)).toMatchObject({
    service: "",
    operation: "",
    body: Buffer.alloc(0),
  });
});

test("one that breaks off is none", async () => {
  const broken = Object.assign(
    (async function* () {
      yield Buffer.from("a");
      throw new Error("aborted");
    })(),
    { headers: {} },
  );
  await expect(readRequest(broken as unknown as IncomingMessage, connection)).rejects.toThrow("aborted");
});
