import {
  memoizePromise,
  connectAgentCore,
  connectBedrock,
  connectLambda,
  connectSts,
  identifyAccount,
} from "../../../handlers/aws/agent-clients";
import { wireConnection, PATIENT } from "../../support/wire/connection";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { openConnection } from "../../../handlers/aws/connection";
import { openCounters } from "../../../handlers/telemetry";

describe("once", () => {
  test("a thing is made with the first call, and given to all", async () => {
    const make = jest.fn(async () => ({}));
    const get = memoizePromise(make);
    expect(make).not.toHaveBeenCalled();
    const [one, other] = await Promise.all([get(), get()]);
    expect(one).toBe(other);
    expect(make).toHaveBeenCalledTimes(1);
  });

  test("a failure is not kept", async () => {
    const get = memoizePromise(jest.fn(async () => "made").mockRejectedValueOnce(new Error("no network")));
    await expect(get()).rejects.toThrow("no network");
    await expect(get()).resolves.toBe("made");
  });
});

describe("retry mode", () => {
  test.each([connectAgentCore, connectBedrock, connectLambda])(
    "%p makes a client of the pool on which a throttled agent does not slow down the others",
    async (connect) => {
      const connection = wireConnection();
      const { config } = await connect(connection);
      expect(config.requestHandler).toBe(connection.requestHandler);
      expect(await config.maxAttempts()).toBe(3);
      // The mode "adaptive" has one rate for the whole client.
      expect((await config.retryStrategy()) as object).toMatchObject({ mode: "standard" });
    },
  );
});

describe("sts", () => {
  let server: Server | undefined;
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });

  async function stsAt(status: number, body: string) {
    const asked: string[] = [];
    server = createServer((message, reply) => {
      let text = "";
      message.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      message.once("end", () => {
        asked.push(text);
        reply.writeHead(status, { "content-type": "text/xml" }).end(body);
      });
    });
    await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
    const counters = openCounters();
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const configuration = {
      ...openConnection({ counters, nowMs: () => Date.now(), timeOuts: PATIENT }),
      endpoint: url,
      region: "us-east-1",
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
    };
    return { asked, counters, connect: () => connectSts(configuration) };
  }

  const never = new AbortController().signal;

  test("STS is asked who we are, over the pool", async () => {
    const { asked, counters, connect } = await stsAt(
      200,
      "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>",
    );
    await identifyAccount(connect, never);
    expect(asked).toEqual([expect.stringContaining("Action=GetCallerIdentity")]);
    expect(counters.take()).toEqual({ PoolOpened: 1 });
  });

  test("where STS refuses, the call rejects with what it says", async () => {
    const { connect } = await stsAt(
      403,
      "<ErrorResponse><Error><Code>ExpiredToken</Code><Message>The security token is expired</Message></Error></ErrorResponse>",
    );
    await expect(identifyAccount(connect, never)).rejects.toThrow("The security token is expired");
  });

  test("the signal ends the call", async () => {
    const { connect } = await stsAt(200, "");
    await expect(identifyAccount(connect, AbortSignal.abort(new Error("late")))).rejects.toMatchObject({
      name: "AbortError",
    });
  });
});
