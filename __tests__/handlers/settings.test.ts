import { readApiSettings, readWorkerSettings } from "../../handlers/settings";

const API = {
  AUTHORIZATION: "iam",
  ORIGIN_SECRET_SHA256: "",
  REQUEST_RETENTION_DAYS: "7",
  REQUESTS_TABLE: "requests",
  RESULTS_BUCKET: "results",
  WORK_QUEUE_URL: "https://sqs.eu-west-1.amazonaws.com/123456789012/work",
};
const AGENT = { name: "a", kind: "scripted", target: "5ms hello", timeout_seconds: 60, phases: [1, 2] };
const WORKER = {
  AGENTS: JSON.stringify([AGENT]),
  MAX_PARALLEL_AGENTS: "0",
  REQUESTS_TABLE: "requests",
  RESULTS_BUCKET: "results",
  SESSIONS_TABLE: "sessions",
};

test("the front door's settings are read from its environment", () => {
  expect(readApiSettings(API)).toEqual({
    authorization: "iam",
    originSecretSha256: "",
    requestRetentionDays: 7,
    requestsTable: "requests",
    resultsBucket: "results",
    workQueueUrl: API.WORK_QUEUE_URL,
  });
});

test("the worker's settings are read from its environment", () => {
  expect(readWorkerSettings(WORKER)).toEqual({ agents: [AGENT], maxParallelAgents: 0, requestsTable: "requests", resultsBucket: "results", sessionsTable: "sessions" });
});

test("every variable that is missing is named at once", () => {
  expect(() => readApiSettings({})).toThrow(/environment is incomplete: .*apply it again/);
  for (const name of Object.keys(API)) expect(() => readApiSettings({})).toThrow(`${name} is missing`);
  for (const name of Object.keys(WORKER)) expect(() => readWorkerSettings({})).toThrow(`${name} is missing`);
});

test.each([
  ["AUTHORIZATION", "oauth", 'AUTHORIZATION is "oauth", but must be one of iam, api_key, none'],
  ["ORIGIN_SECRET_SHA256", "ABC", 'ORIGIN_SECRET_SHA256 is "ABC", but must be 64 lower-case hex digits, or empty'],
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
