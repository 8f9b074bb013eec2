import {
  readApiSettings,
  readAuthorizerSettings,
  readSweeperSettings,
  readWorkerSettings,
} from "../../handlers/settings";

const API = {
  AUTHORIZATION: "iam",
  DEPLOYMENT: "quickturn-dev",
  CALLER_QUOTA_PER_DAY: "0",
  ORIGIN_SECRET_SHA256: "",
  QUERY_CACHE_TTL_SECONDS: "60",
  REQUEST_DEADLINE_SECONDS: "3600",
  REQUEST_RETENTION_DAYS: "7",
  REQUESTS_TABLE: "requests",
  RESULTS_BUCKET: "results",
  WORK_QUEUE_URL: "https://sqs.eu-west-1.amazonaws.com/123456789012/work",
};
const AGENT = { name: "a", kind: "scripted", target: "5ms hello", timeout_seconds: 60, phases: [1, 2] };
const ARBITER = { name: "judge", kind: "scripted", target: "5ms hello", timeout_seconds: 60 };
const QUEUE = { WORK_QUEUE_ARN: "arn:aws:sqs:eu-west-1:123456789012:work", WORK_QUEUE_URL: API.WORK_QUEUE_URL };
const WORKER = {
  AGENT_POLICY: "any",
  AGENT_QUORUM: "0",
  AGENTS: JSON.stringify([AGENT]),
  ARBITER: JSON.stringify(ARBITER),
  DEPLOYMENT: "quickturn-dev",
  MAX_PARALLEL_AGENTS: "0",
  QUERY_CACHE_TTL_SECONDS: "0",
  REQUESTS_TABLE: "requests",
  RESULTS_BUCKET: "results",
  SESSIONS_TABLE: "sessions",
  ...QUEUE,
};
const SWEEPER = {
  DEAD_LETTER_QUEUE_ARN: "arn:aws:sqs:eu-west-1:123456789012:work-failed",
  DEPLOYMENT: "quickturn-dev",
  REQUESTS_TABLE: "requests",
  WORK_QUEUE_URL: API.WORK_QUEUE_URL,
};

const AUTHORIZER = {
  DEPLOYMENT: "quickturn-dev",
  JWT_AUDIENCES: '["agents"]',
  JWT_CLOCK_SKEW_SECONDS: "60",
  JWT_ISSUER: "https://issuer.example/",
  JWT_SCOPES: "[]",
};

test("the authorizer's settings are read from its environment", () => {
  expect(readAuthorizerSettings(AUTHORIZER)).toEqual({
    deployment: "quickturn-dev",
    audiences: ["agents"],
    clockSkewSeconds: 60,
    issuer: "https://issuer.example/",
    scopes: [],
  });
});

test.each([
  [
    "JWT_ISSUER",
    "http://issuer.example",
    'JWT_ISSUER is "http://issuer.example", but must be an https URL without user, query and fragment',
  ],
  ["JWT_ISSUER", "https://a@issuer.example", "must be an https URL"],
  ["JWT_ISSUER", "", "must be an https URL"],
  ["JWT_AUDIENCES", "[]", "JWT_AUDIENCES: allowed: a JSON array of at least 1 texts"],
  ["JWT_AUDIENCES", '[""]', "JWT_AUDIENCES: allowed: a JSON array of at least 1 texts"],
  ["JWT_SCOPES", '{"a":1}', "JWT_SCOPES: allowed: a JSON array of at least 0 texts"],
  ["JWT_SCOPES", "read", "JWT_SCOPES: "],
  ["JWT_CLOCK_SKEW_SECONDS", "-1", 'JWT_CLOCK_SKEW_SECONDS is "-1", but must be a whole number from 0'],
])("the authorizer's %s of %j is refused", (name, value, message) => {
  expect(() => readAuthorizerSettings({ ...AUTHORIZER, [name]: value })).toThrow(message);
});

test("the front door's settings are read from its environment", () => {
  expect(readApiSettings(API)).toEqual({
    authorization: "iam",
    deployment: "quickturn-dev",
    callerQuotaPerDay: 0,
    originSecretSha256: "",
    queryCacheTtlSeconds: 60,
    requestDeadlineSeconds: 3600,
    requestRetentionDays: 7,
    requestsTable: "requests",
    resultsBucket: "results",
    workQueueUrl: API.WORK_QUEUE_URL,
  });
});

test("the worker's settings are read from its environment", () => {
  expect(readWorkerSettings(WORKER)).toEqual({
    agentPolicy: "any",
    agentQuorum: 0,
    agents: [AGENT],
    arbiter: ARBITER,
    deployment: "quickturn-dev",
    maxParallelAgents: 0,
    queryCacheTtlSeconds: 0,
    requestsTable: "requests",
    resultsBucket: "results",
    sessionsTable: "sessions",
    workQueueArn: WORKER.WORK_QUEUE_ARN,
    workQueueUrl: API.WORK_QUEUE_URL,
  });
  expect(readWorkerSettings({ ...WORKER, ARBITER: "null" })).not.toHaveProperty("arbiter");
});

test("the sweeper's settings are read from its environment", () => {
  expect(readSweeperSettings(SWEEPER)).toEqual({
    deadLetterQueueArn: SWEEPER.DEAD_LETTER_QUEUE_ARN,
    deployment: "quickturn-dev",
    requestsTable: "requests",
    workQueueUrl: API.WORK_QUEUE_URL,
  });
  expect(() => readSweeperSettings({ ...SWEEPER, DEAD_LETTER_QUEUE_ARN: "work-failed" })).toThrow(
    'DEAD_LETTER_QUEUE_ARN is "work-failed", but must be the ARN of an SQS queue',
  );
});

test("every variable that is missing is named at once", () => {
  expect(() => readApiSettings({})).toThrow(/environment is incomplete: .*apply it again/);
  for (const name of Object.keys(API)) expect(() => readApiSettings({})).toThrow(`${name} is missing`);
  for (const name of Object.keys(WORKER)) expect(() => readWorkerSettings({})).toThrow(`${name} is missing`);
  for (const name of Object.keys(SWEEPER)) expect(() => readSweeperSettings({})).toThrow(`${name} is missing`);
  for (const name of Object.keys(AUTHORIZER)) expect(() => readAuthorizerSettings({})).toThrow(`${name} is missing`);
});

test.each([
  ["AUTHORIZATION", "oauth", 'AUTHORIZATION is "oauth", but must be one of iam, api_key, jwt, none'],
  [
    "ORIGIN_SECRET_SHA256",
    "ABC",
    'ORIGIN_SECRET_SHA256 is "ABC", but must be 64 lower-case hex digits, twice with a comma between while the secret is replaced, or empty',
  ],
  ["CALLER_QUOTA_PER_DAY", "-1", 'CALLER_QUOTA_PER_DAY is "-1", but must be a whole number from 0'],
  ["REQUEST_RETENTION_DAYS", "0", "REQUEST_RETENTION_DAYS is 0, but must be at least 1"],
  ["REQUEST_RETENTION_DAYS", "1.5", 'REQUEST_RETENTION_DAYS is "1.5", but must be a whole number from 1'],
  ["REQUESTS_TABLE", " ", 'REQUESTS_TABLE is " ", but must be a name'],
  ["WORK_QUEUE_URL", "work", 'WORK_QUEUE_URL is "work", but must be a URL'],
])("%s of %j is refused", (name, value, message) => {
  expect(() => readApiSettings({ ...API, [name]: value })).toThrow(message);
});

test("a wrong agent is refused under its variable's name", () => {
  expect(() => readWorkerSettings({ ...WORKER, AGENTS: "[]", MAX_PARALLEL_AGENTS: "-1" })).toThrow(
    /AGENTS: at least one agent is needed; MAX_PARALLEL_AGENTS is "-1", but must be a whole number from 0/,
  );
});
