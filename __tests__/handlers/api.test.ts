import type * as Api from "../../handlers/api";
import { coldStart } from "./cold-start";
import { gatewayEvent } from "./fixtures";

const VARIABLES = {
  AUTHORIZATION: "none",
  AWS_REGION: "us-east-1",
  DEPLOYMENT: "quickturn-dev",
  CALLER_QUOTA_PER_DAY: "0",
  ORIGIN_SECRET_SHA256: "",
  QUERY_CACHE_TTL_SECONDS: "60",
  REQUEST_DEADLINE_SECONDS: "3600",
  REQUEST_RETENTION_DAYS: "7",
  REQUESTS_TABLE: "requests",
  RESULTS_BUCKET: "results",
  WORK_QUEUE_URL: "http://127.0.0.1:9/work",
};

test("the front door answers events of the gateway, and logs a line of JSON", async () => {
  const write = jest.spyOn(process.stdout, "write").mockReturnValue(true);
  const { handler } = coldStart<typeof Api>("api", VARIABLES);
  const response = await handler(gatewayEvent({ resource: "/nowhere" }), {
    awsRequestId: "1",
    getRemainingTimeInMillis: () => 10_000,
  });
  const lines = write.mock.calls.map(([line]) => String(line));
  write.mockRestore();
  expect(response?.statusCode).toBe(404);
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    {
      event: "answered",
      status: 404,
      error_code: "route_not_found",
      Deployment: "quickturn-dev",
      Function: "api",
      ColdStart: 1,
    },
  ]);
});

test("without its environment the front door does not start, and says what is missing", () => {
  expect(() => coldStart("api", {})).toThrow(/AUTHORIZATION is missing.*WORK_QUEUE_URL is missing/);
});
