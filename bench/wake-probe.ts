/**
 * What the bundle of the probe gives it: the run-time packages and the functions' own connection, neither of which
 * scripts may import.
 */
export interface ProbeParts {
  /** The functions' own connection, with the wall clock. */
  readonly openConnection: () => object & { dropIdle(): number };
  /** A handler with the agent's and its own options. */
  readonly openHandler: (agent: object, options: object) => object;
  /** A real DynamoDB client; each call of what is given reads one item, and gives the attempts that it took. */
  readonly openClient: (configuration: object) => () => Promise<number>;
}

/** How a client may be set up against dead connections. */
export const VARIANTS = ["default", "keep-alive", "time-outs", "ours", "fresh"] as const;
export type Variant = (typeof VARIANTS)[number];

/** What a probe is told, one after the other. */
export type ProbeCommand =
  /** Opens a client, and so many sockets of it. */
  | {
      readonly do: "open";
      readonly variant: Variant;
      readonly endpoint: string;
      readonly sockets: number;
      readonly requestTimeoutMs: number;
    }
  /** Sets the wall clock forward, as a frozen environment finds it. */
  | { readonly do: "jump"; readonly ms: number }
  /** Makes one call, as an invocation would. */
  | { readonly do: "ask" };

/** What it answers. `ms`: from the start of the invocation to the answer. */
export type ProbeAnswer =
  | { readonly ok: true }
  | { readonly ms: number; readonly attempts: number }
  | { readonly ms: number; readonly error: string };

/** Rounds of calls that warm the code and the sockets: a young process is slow for reasons of its own. */
const ROUNDS = 8;

interface Opened {
  readonly wake: () => void;
  readonly call: () => Promise<number>;
}

/** How commands come to a probe, and its answers go back: in a process of its own, IPC. */
export interface ProbeChannel {
  onCommand(listener: (command: ProbeCommand) => void): void;
  answer(answer: ProbeAnswer): void;
}

/** Serves commands, one at a time. */
export function runProbe(parts: ProbeParts, channel: ProbeChannel): void {
  let opened: Opened | undefined;
  const perform = async (command: ProbeCommand): Promise<ProbeAnswer> => {
    if (command.do === "jump") jump(command.ms);
    if (command.do === "open") opened = await open(parts, command);
    return command.do === "ask" && opened ? ask(opened) : { ok: true };
  };
  channel.onCommand((command) => void perform(command).then((answer) => channel.answer(answer)));
}

async function open(
  parts: ProbeParts,
  { variant, endpoint, sockets, requestTimeoutMs }: ProbeCommand & { do: "open" },
): Promise<Opened> {
  const { wake, configuration } = configure(parts, variant, requestTimeoutMs);
  const call = parts.openClient({
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    ...configuration,
  });
  for (let round = 0; round < ROUNDS; round++) await Promise.all(Array.from({ length: sockets }, call));
  return { wake, call };
}

/** Each is set up as its users set it up. */
function configure(
  { openConnection, openHandler }: ProbeParts,
  variant: Variant,
  requestTimeout: number,
): { wake: () => void; configuration: object } {
  const wake = () => undefined;
  const pool = { keepAlive: true, keepAliveMsecs: 1_000, maxSockets: 50 };
  switch (variant) {
    case "default":
      return { wake, configuration: {} };
    case "keep-alive":
      return { wake, configuration: { requestHandler: openHandler(pool, {}) } };
    case "time-outs":
      return {
        wake,
        configuration: {
          requestHandler: openHandler(pool, { connectionTimeout: 5_000, requestTimeout, throwOnRequestTimeout: true }),
          retryMode: "adaptive",
          maxAttempts: 3,
        },
      };
    case "fresh":
      return { wake, configuration: { requestHandler: openHandler({ keepAlive: false }, {}) } };
    case "ours": {
      const connection = openConnection();
      return { wake: () => connection.dropIdle(), configuration: connection };
    }
  }
}

async function ask({ wake, call }: Opened): Promise<ProbeAnswer> {
  const startedMs = performance.now();
  try {
    wake();
    const attempts = await call();
    return { ms: performance.now() - startedMs, attempts };
  } catch (error) {
    return {
      ms: performance.now() - startedMs,
      error: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
    };
  }
}

/** The wall clock only: timers and the monotonic clock stand still in a frozen environment, as they do here. */
function jump(ms: number): void {
  const now = Date.now;
  Date.now = () => now() + ms;
}
