import {
  runProbe,
  VARIANTS,
  type ProbeAnswer,
  type ProbeCommand,
  type ProbeParts,
  type Variant,
} from "../../../bench/wake-probe";

const now = Date.now;
afterEach(() => {
  jest.useRealTimers();
  Date.now = now;
});

function setUp(call: () => Promise<number> = async () => 1) {
  const configurations: object[] = [];
  const dropIdle = jest.fn(() => 0);
  const calls = jest.fn(call);
  const parts: ProbeParts = {
    openConnection: () => ({ own: true, dropIdle }),
    openHandler: (agent, options) => ({ agent, options }),
    openClient: (configuration) => {
      configurations.push(configuration);
      return calls;
    },
  };
  let listener: (command: ProbeCommand) => void = () => undefined;
  let answered: (answer: ProbeAnswer) => void = () => undefined;
  runProbe(parts, { onCommand: (given) => (listener = given), answer: (answer) => answered(answer) });
  const perform = (command: ProbeCommand) =>
    new Promise<ProbeAnswer>((resolve) => {
      answered = resolve;
      listener(command);
    });
  const open = (variant: Variant, sockets = 1) =>
    perform({ do: "open", variant, endpoint: "http://127.0.0.1:9", sockets, requestTimeoutMs: 2_000 });
  return { configurations, calls, dropIdle, open, perform };
}

test("each variant's client is set up as its users do", async () => {
  const { configurations, open } = setUp();
  for (const variant of VARIANTS) expect(await open(variant)).toEqual({ ok: true });
  const pool = { keepAlive: true, keepAliveMsecs: 1_000, maxSockets: 50 };
  const common = {
    endpoint: "http://127.0.0.1:9",
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  };
  expect(configurations).toEqual([
    common,
    { ...common, requestHandler: { agent: pool, options: {} } },
    {
      ...common,
      requestHandler: {
        agent: pool,
        options: { connectionTimeout: 5_000, requestTimeout: 2_000, throwOnRequestTimeout: true },
      },
      retryMode: "adaptive",
      maxAttempts: 3,
    },
    { ...common, own: true, dropIdle: expect.any(Function) as unknown },
    { ...common, requestHandler: { agent: { keepAlive: false }, options: {} } },
  ]);
});

test("opening makes as many calls at once as sockets are wanted, and again until the code is warm", async () => {
  let [atOnce, most] = [0, 0];
  const { calls, open } = setUp(async () => {
    most = Math.max(most, (atOnce += 1));
    await new Promise(setImmediate);
    atOnce -= 1;
    return 1;
  });
  await open("default", 5);
  expect([most, calls.mock.calls.length % 5]).toEqual([5, 0]);
});

test("an invocation drops idle sockets first, and tells how long it took in how many attempts", async () => {
  const { dropIdle, open, perform } = setUp(async () => 2);
  await open("ours");
  expect(dropIdle).not.toHaveBeenCalled();
  expect(await perform({ do: "ask" })).toEqual({ ms: expect.any(Number) as unknown, attempts: 2 });
  expect(dropIdle).toHaveBeenCalledTimes(1);
});

test("a call that fails is told with its error", async () => {
  const { calls, open, perform } = setUp();
  await open("default");
  calls.mockRejectedValueOnce(new RangeError("too far"));
  expect(await perform({ do: "ask" })).toEqual({ ms: expect.any(Number) as unknown, error: "RangeError: too far" });
});

test("a jump sets the wall clock forward, and leaves the monotonic one", async () => {
  jest.useFakeTimers();
  const { perform } = setUp();
  const [wall, monotonic] = [Date.now(), performance.now()];
  await perform({ do: "jump", ms: 1_800_000 });
  expect([Date.now() - wall, performance.now() - monotonic]).toEqual([1_800_000, 0]);
});
