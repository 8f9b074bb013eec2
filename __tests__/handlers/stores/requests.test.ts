import { dynamodbRequests } from "../../../handlers/stores/dynamodb-requests";
import { isTerminal } from "../../../handlers/stores/requests";
import { memoryRequests } from "../../support/memory-requests";
import { testEarlierRequests, testRaces, testRequests, testRequestTable } from "./request-cases";
import { openDynalite, TABLES, type Database } from "./tables";

let lite: Database;
beforeAll(async () => void (lite = await openDynalite()));
afterAll(() => lite?.close());

const inDynalite = () => dynamodbRequests(lite.dynamodb, TABLES);

describe("requests in memory", () => testRequests(() => memoryRequests()));
describe("requests in dynalite", () => testRequests(inDynalite));

describe("races in memory", () => testRaces(() => memoryRequests()));
describe("races in dynalite", () => testRaces(inDynalite));

describe("the table in dynalite", () => testRequestTable(() => lite));
describe("a request of the release before in dynalite", () => testEarlierRequests(() => lite));

test("a request has ended where it is completed, failed or expired", () => {
  expect((["queued", "processing", "completed", "failed", "expired"] as const).map(isTerminal)).toEqual([
    false,
    false,
    true,
    true,
    true,
  ]);
});
