import { memoryRequests } from "../../support/memory-requests";
import { memorySessions } from "../../support/memory-sessions";
import { storesIn, testSessions, testSessionTable } from "./session-cases";
import { openDynalite, type Database } from "./tables";

let lite: Database;
beforeAll(async () => void (lite = await openDynalite()));
afterAll(() => lite?.close());

describe("sessions in memory", () => {
  testSessions(() => {
    const sessions = memorySessions();
    return { sessions, requests: memoryRequests(sessions) };
  });
});

describe("sessions in dynalite", () => testSessions(() => storesIn(lite)));

describe("the table of sessions in dynalite", () => testSessionTable(() => lite));
