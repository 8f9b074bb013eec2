import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { openConnection } from "../../../handlers/aws/connection";
import { connectDynamoDb } from "../../../handlers/aws/json-service";
import { openCounters } from "../../../handlers/telemetry";
import { PATIENT } from "../../support/wire/connection";
import { partsFor } from "../emulated";
import { NOW_MS, settled } from "../fixtures";

let server: Server;
let sockets: Socket[];
/** Answers that wait to be given, and the attempt that each is for. */
let waiting: { attempt: unknown; reply: ServerResponse }[];

beforeEach(async () => {
  [sockets, waiting] = [[], []];
  server = createServer(({ headers }, reply) => void waiting.push({ attempt: headers["amz-sdk-request"], reply }));
  Object.assign(server, { keepAliveTimeout: 0 });
  server.on("connection", (socket) => sockets.push(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
});

/** Answers so many calls once all of them are there, and tells their attempts. */
async function answer(calls: number): Promise<unknown[]> {
  while (waiting.length < calls) await settled();
  return waiting.splice(0).map(({ attempt, reply }) => (reply.end("{}"), attempt));
}

const INCIDENTS: readonly (readonly [string, (socket: Socket) => void])[] = [
  ["lead into a black hole", (socket) => socket.pause()],
  ["are reset", (socket) => socket.resetAndDestroy()],
];

describe.each([1, 5])("after half an hour without an invocation, with %i open sockets", (open) => {
  test.each(INCIDENTS)("the first call takes one attempt where they %s", async (_what, happen) => {
    const clock = { nowMs: NOW_MS };
    const counters = openCounters();
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const dynamodb = connectDynamoDb({
      ...partsFor(url),
      connection: openConnection({ counters, nowMs: () => clock.nowMs, timeOuts: PATIENT }),
    });
    const read = () => dynamodb("GetItem", { TableName: "t", Key: { k: { S: "1" } } });
    const warm = Array.from({ length: open }, read);
    await answer(open);
    await Promise.all(warm);
    expect(counters.take()).toEqual({ PoolOpened: open });
    for (const socket of [...sockets]) happen(socket);
    clock.nowMs += 1_800_000;
    const first = read();
    expect(await answer(1)).toEqual(["attempt=1; max=3"]);
    await first;
    expect(counters.take()).toMatchObject({ PoolOpened: 1 });
  });
});
