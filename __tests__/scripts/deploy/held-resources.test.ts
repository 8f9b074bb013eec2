import type { WantedResource } from "../../../scripts/deploy/adoption";
import { findHeld, queueUrl } from "../../../scripts/deploy/held-resources";
import { answeringServer, type Answer, type Asked } from "../../support/answering-server";

const signal = new AbortController().signal;
const stops: (() => Promise<void>)[] = [];
afterAll(() => Promise.all(stops.map((stop) => stop())));

async function held(wanted: readonly WantedResource[], answer: (asked: Asked, count: number) => Answer) {
  const server = await answeringServer(answer);
  stops.push(server.stop);
  const place = {
    environment: { AWS_ENDPOINT_URL: server.url, AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" },
    region: "eu-central-1",
  };
  return { server, place, found: findHeld(wanted, place, signal) };
}
const json = (body: unknown): Answer => ({ body: JSON.stringify(body) });

test("the lists of API Gateway are read page by page, with tags and dates", async () => {
  const { server, found } = await held([{ type: "aws_api_gateway_rest_api", name: "n" }], ({ url }) =>
    json(
      url.includes("position=two")
        ? { item: [{ id: "b", name: "m" }] }
        : { item: [{ id: "a", name: "n", createdDate: 7, tags: { t: "1" } }], position: "two" },
    ),
  );
  expect(await found).toEqual([
    { type: "aws_api_gateway_rest_api", id: "a", name: "n", tags: { t: "1" }, createdAtSeconds: 7 },
    { type: "aws_api_gateway_rest_api", id: "b", name: "m", tags: {}, createdAtSeconds: 0 },
  ]);
  expect(server.asked.map(({ method, url }) => `${method} ${url}`)).toEqual([
    "GET /restapis?limit=500",
    "GET /restapis?limit=500&position=two",
  ]);
  expect(server.asked[0]?.headers.authorization).toMatch(/Credential=a\/\d+\/eu-central-1\/apigateway\/aws4_request/);
});

test("a distribution's name and id are its own, not those of a behaviour or an origin", async () => {
  const summary = (id: string, comment: string) =>
    `<DistributionSummary><Id>${id}</Id><ARN>arn</ARN><Origins><Items><Origin><Id>api</Id></Origin></Items></Origins>` +
    "<DefaultCacheBehavior><Comment>no</Comment></DefaultCacheBehavior>" +
    `<Comment>${comment}</Comment></DistributionSummary>`;
  const page = (marker: string, ...summaries: string[]) => ({
    body: `<DistributionList><NextMarker>${marker}</NextMarker><Items>${summaries.join("")}</Items></DistributionList>`,
  });
  const { server, found } = await held([{ type: "aws_cloudfront_distribution", name: "q" }], ({ url }) =>
    url.includes("Marker=m") ? page("", summary("E2", "")) : page("m", summary("E1", "q-dev-api")),
  );
  expect(await found).toEqual([
    { type: "aws_cloudfront_distribution", id: "E1", name: "q-dev-api", createdAtSeconds: 0 },
    { type: "aws_cloudfront_distribution", id: "E2", name: "", createdAtSeconds: 0 },
  ]);
  expect(server.asked.every(({ headers }) => headers.authorization?.includes("/us-east-1/cloudfront/"))).toBe(true);
});

test("functions, statements and mappings of Lambda are found by name, and missing ones are no failure", async () => {
  const QUEUE = "arn:aws:sqs:eu-central-1:1:work";
  const missing: Answer = { status: 404, headers: { "x-amzn-errortype": "ResourceNotFoundException" }, body: "{}" };
  const { found } = await held(
    [
      { type: "aws_lambda_function", name: "there" },
      { type: "aws_lambda_function", name: "missing" },
      { type: "aws_lambda_permission", name: "there:live/a" },
      { type: "aws_lambda_permission", name: "there:live/b" },
      { type: "aws_lambda_permission", name: "missing/a" },
      { type: "aws_lambda_event_source_mapping", name: `${QUEUE} there` },
    ],
    ({ url }) => {
      if (url.includes("event-source-mappings"))
        return json({
          EventSourceMappings: [
            { UUID: "u", EventSourceArn: QUEUE, FunctionArn: "arn:aws:lambda:eu-central-1:1:function:there:live" },
          ],
        });
      if (url.includes("missing")) return missing;
      return json(
        url.includes("/policy?Qualifier=live")
          ? { Policy: JSON.stringify({ Statement: [{ Sid: "a" }, { Sid: "c" }] }) }
          : { Configuration: {}, Tags: { t: "1" } },
      );
    },
  );
  expect(await found).toEqual([
    { type: "aws_lambda_function", id: "there", name: "there", createdAtSeconds: 0 },
    { type: "aws_lambda_permission", id: "there:live/a", name: "there:live/a", createdAtSeconds: 0 },
    { type: "aws_lambda_event_source_mapping", id: "u", name: `${QUEUE} there`, createdAtSeconds: 0 },
  ]);
});

test("AWS is not asked where nothing is wanted", async () => {
  const { server, found } = await held([], () => ({}));
  expect({ found: await found, asked: server.asked }).toEqual({ found: [], asked: [] });
});

test("a refusal names the call, the region and the permission", async () => {
  const { found } = await held([{ type: "aws_api_gateway_api_key", name: "n" }], () => ({
    status: 403,
    body: '{"message":"not authorized"}',
  }));
  await expect(found).rejects.toThrow(
    'GET /apikeys of apigateway in eu-central-1 failed (403 {"message":"not authorized"}). It takes the ' +
      "permission to read them.",
  );
});

test("the address of a queue is found by its name", async () => {
  const { place, server } = await held([], () =>
    json({ QueueUrl: "https://sqs.eu-central-1.amazonaws.com/1/q-dev-work" }),
  );
  expect(await queueUrl("q-dev-work", place, signal)).toBe("https://sqs.eu-central-1.amazonaws.com/1/q-dev-work");
  expect(server.asked[0]?.body).toBe('{"QueueName":"q-dev-work"}');
});
