import { AgentFailure, type Agent, type AgentInput } from "../../../handlers/agents/agent";
import { wireConnection } from "./connection";
import type { Fault, Reply, WireServer } from "./wire-server";

const never = new AbortController().signal;

/** One kind of agent, as the common tests need it. */
export interface Subject {
  readonly start: () => Promise<WireServer>;
  readonly open: (connection: ReturnType<typeof wireConnection>) => Agent;
  /** Gives the text as a whole answer. */
  readonly answering: (text: string) => Reply;
  /** What the message of a failure begins with. */
  readonly who: string;
  /** How messages name throttling and refusal. */
  readonly throttled: string;
  readonly refused: string;
}

/** A question that nobody waits for very long. */
export const question = (overrides: Partial<AgentInput> = {}): AgentInput => ({
  prompt: "How tall is the tower?",
  context: { turns: [], answers: [] },
  conversation: "session:anonymous#talk",
  deadlineMs: Date.now() + 60_000,
  ...overrides,
});

const TEXT = "It is 324 m tall — ★ included.";

/** What holds for every kind of agent that is reached over a network. */
export function testFaults({ start, open, answering, who, throttled, refused }: Subject): void {
  let server: WireServer;
  let connection: ReturnType<typeof wireConnection>;
  let agent: Agent;
  const ask = (signal = never) => agent.run(question(), signal);

  beforeAll(async () => {
    server = await start();
    connection = wireConnection(server.url);
    agent = open(connection);
  });
  beforeEach(() => {
    server.reset();
    server.reply = answering(TEXT);
    // Retries wait for a random time: here a short one.
    jest.spyOn(Math, "random").mockReturnValue(0.02);
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await server.quiet();
  });
  afterAll(async () => {
    connection.requestHandler.destroy();
    await server.stop();
  });

  test.each<[string, Fault, number]>([
    ["sent at once", "ok", 1],
    ["sent in pieces", "pieces", 1],
    ["sent a byte at a time", { slow: { msPerByte: 1 } }, 1],
    ["given after a throttling", { throttled: {} }, 2],
    ["given after a reset", "reset", 2],
  ])("an answer that is %s is the answer", async (_how, fault, requests) => {
    server.play(fault);
    expect((await ask()).text).toBe(TEXT);
    expect(server.seen).toHaveLength(requests);
  });

  test("a throttling that does not end is told after three tries", async () => {
    server.always({ throttled: {} });
    await expect(ask()).rejects.toThrow(`${who} gave ${throttled}`);
    expect(server.seen).toHaveLength(3);
  });

  test.each<Fault>(["cut", "cutChunk"])("an answer that is cut short (%s) is none", async (fault) => {
    server.always(fault);
    const failure: unknown = await ask().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(AgentFailure);
    expect((failure as Error).message).toMatch(new RegExp(`^${who} gave \\w+`));
  });

  test("a reset that does not end is told", async () => {
    server.always("reset");
    // Jest's modules have an `Error` of their own, by which the SDK does not know Node's for one, and hides its code.
    await expect(ask()).rejects.toThrow(new RegExp(`^${who} gave (ECONNRESET|Error)\\.$`));
    expect(server.seen).toHaveLength(3);
  });

  test.each<Fault>(["hang", "stall", { slow: { msPerByte: 50 } }])(
    "an abort reaches the server (%j), and nothing is left alive",
    async (fault) => {
      server.always(fault);
      const caller = new AbortController();
      const asking = ask(caller.signal);
      await Promise.race([server.asked(), asking]);
      caller.abort(new Error("not needed"));
      await expect(asking).rejects.toThrow();
      await server.quiet();
      expect(server).toMatchObject({ aborted: 1, seen: { length: 1 } });
    },
  );

  test("a refusal is told by its kind, without the service's words, and is not tried again", async () => {
    server.always("refused");
    const failure: unknown = await ask().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(AgentFailure);
    expect((failure as Error).message).toBe(`${who} gave ${refused}.`);
    expect(server.seen).toHaveLength(1);
  });

  test("an empty answer is none", async () => {
    server.reply = answering("  ");
    await expect(ask()).rejects.toThrow("The agent gave an empty answer.");
  });

  test("calls one after the other share a connection", async () => {
    await ask();
    server.reset();
    server.reply = answering(TEXT);
    await ask();
    expect(server.connections).toBe(0);
  });
}
