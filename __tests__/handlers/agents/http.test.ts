import { Readable } from "node:stream";
import { httpAgent, type HttpDoor, managedSecret } from "../../../handlers/agents/http";
import { connectSecrets, memoizePromise } from "../../../handlers/aws/agent-clients";
import { openCounters } from "../../../handlers/telemetry";
import { openReadCache } from "../../../handlers/requests/read-cache";
import { question, testFaults } from "../../support/wire/agent-faults";
import { wireConnection } from "../../support/wire/connection";
import { startHttpAgent } from "../../support/wire/http-agent-server";
import { secretText, startSecrets } from "../../support/wire/secrets-server";
import { events, json, type Reply, type WireServer } from "../../support/wire/wire-server";
import { never, NOW_MS } from "../fixtures";
import type { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";

describe("an agent with an HTTP endpoint", () => {
  const definition = { name: "oracle", kind: "http" as const, timeout_seconds: 60 };
  const clock = { nowMs: () => Date.now(), random: () => Math.random() };

  const open = (connection: ReturnType<typeof wireConnection>, path = "/ask", overrides = {}) =>
    httpAgent(
      { ...definition, target: `${connection.endpoint}${path}` },
      { http: connection.requestHandler, ...clock, ...overrides },
    );

  const common = {
    start: startHttpAgent,
    open: (connection: ReturnType<typeof wireConnection>) => open(connection),
    who: "The agent's endpoint",
    throttled: "HTTP 429",
    refused: "HTTP 401",
  };

  describe("an endpoint that answers in JSON", () =>
    testFaults({ ...common, answering: (text) => json({ answer: text }) }));

  describe("an endpoint that answers in plain text", () =>
    testFaults({
      ...common,
      answering: (text) => ({ status: 200, headers: { "content-type": "text/plain" }, body: text }),
    }));

  describe("an endpoint that answers as a stream", () => {
    testFaults({ ...common, answering: (text) => events(text.slice(0, 5), text.slice(5, 12), text.slice(12)) });
  });

  describe("what is sent and read", () => {
    let server: WireServer;
    beforeAll(async () => void (server = await startHttpAgent()));
    beforeEach(() => server.reset());
    afterAll(() => server.stop());

    const answerTo = (reply: Reply, path?: string) => {
      server.reply = reply;
      return open(wireConnection(server.url), path).run(question(), never);
    };

    test("an endpoint is sent the prompt and its context in JSON, with the query of its URL", async () => {
      await answerTo(json({ answer: "324 m" }), "/ask/v1?tenant=a%20b&tenant=c");
      const { path, headers, body } = server.seen[0] ?? {};
      expect(path).toBe("/ask/v1?tenant=a%20b&tenant=c");
      expect(headers).toMatchObject({
        "content-type": "application/json",
        accept: "application/json, text/event-stream, text/plain",
      });
      expect(headers).not.toHaveProperty("authorization");
      expect(body).toEqual({ prompt: question().prompt, context: { turns: [], answers: [] } });
    });

    test("tokens and model are read where the endpoint tells them", async () => {
      expect(await answerTo(json({ answer: "a", model: "m-1", usage: { input_tokens: 5, output_tokens: 3 } }))).toEqual(
        {
          text: "a",
          model: "m-1",
          tokens: { input: 5, output: 3 },
        },
      );
    });

    test("a redirect is not followed", async () => {
      await expect(
        answerTo({ status: 307, headers: { location: `${server.url}/ask/elsewhere` }, body: "" }),
      ).rejects.toThrow("The agent's endpoint gave HTTP 307.");
      expect(server.seen).toHaveLength(1);
    });

    test("an answer above 5 MiB is not read to its end", async () => {
      await expect(answerTo(json({ answer: "x".repeat(5 * 1024 * 1024) }))).rejects.toThrow(
        "The agent's answer is larger than 5242880 bytes.",
      );
      expect(server.seen).toHaveLength(1);
    });

    test("an answer whose end cannot be told from a cut is refused", async () => {
      const body = {
        async *[Symbol.asyncIterator]() {
          yield Buffer.from("half");
        },
        destroy: jest.fn(),
      };
      const http = {
        handle: async () => ({ response: { statusCode: 200, headers: { "content-type": "text/plain" }, body } }),
      };
      await expect(open(wireConnection(server.url), "/ask", { http }).run(question(), never)).rejects.toThrow(
        "gave an answer without Content-Length or chunks",
      );
      expect(body.destroy).toHaveBeenCalled();
    });

    test("a body that the abort cut short is no answer, though it reads like one", async () => {
      const caller = new AbortController();
      const body = {
        async *[Symbol.asyncIterator]() {
          caller.abort(new Error("not needed"));
          yield Buffer.from("half");
        },
        destroy: jest.fn(),
      };
      const http = {
        handle: async () => ({
          response: { statusCode: 200, headers: { "content-type": "text/plain", "content-length": "8" }, body },
        }),
      };
      await expect(open(wireConnection(server.url), "/ask", { http }).run(question(), caller.signal)).rejects.toThrow(
        "not needed",
      );
    });

    test("a server that asks to wait is given the time, and one that asks for more than there is, is given up", async () => {
      const agent = open(wireConnection(server.url));
      server.reply = json({ answer: "324 m" });
      server.play({ throttled: { retryAfter: "3600" } });
      const { setTimeout: wait } = globalThis;
      const waits = jest
        .spyOn(globalThis, "setTimeout")
        .mockImplementation(((end: () => void, ms: number) => wait(end, ms === 3_600_000 ? 0 : ms)) as never);
      expect((await agent.run(question({ deadlineMs: Date.now() + 3_700_000 }), never)).text).toBe("324 m");
      expect(waits.mock.calls.map(([, ms]) => ms)).toContain(3_600_000);
      waits.mockRestore();
      server.play({ throttled: { retryAfter: "30" } });
      await expect(agent.run(question({ deadlineMs: Date.now() + 20_000 }), never)).rejects.toThrow(
        "The agent's endpoint gave HTTP 429.",
      );
      expect(server.seen).toHaveLength(3);
    });
  });

  describe("with a secret", () => {
    const ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:oracle";
    let server: WireServer;
    let secrets: WireServer;
    beforeAll(async () => void ([server, secrets] = await Promise.all([startHttpAgent(), startSecrets()])));
    beforeEach(() => {
      for (const each of [server, secrets]) each.reset();
      server.reply = json({ answer: "324 m" });
      secrets.reply = secretText("Bearer one\n");
    });
    afterAll(() => Promise.all([server.stop(), secrets.stop()]));

    const withSecret = () => {
      const cache = openReadCache({ ttlMs: 60_000, nowMs: clock.nowMs, counters: openCounters() });
      const secret = managedSecret(
        ARN,
        memoizePromise(() => connectSecrets(wireConnection(secrets.url))),
        cache,
      );
      return open(wireConnection(server.url), "/ask", { secret });
    };
    const sent = () => server.seen.map(({ headers }) => headers.authorization);

    test("it is sent as Authorization, and read memoizePromise for several calls", async () => {
      const agent = withSecret();
      await Promise.all([agent.run(question(), never), agent.run(question(), never)]);
      await agent.run(question(), never);
      expect(sent()).toEqual(["Bearer one", "Bearer one", "Bearer one"]);
      expect(secrets.seen).toMatchObject([{ body: { SecretId: ARN } }]);
    });

    test("one that was replaced is read again when the old one is refused", async () => {
      const agent = withSecret();
      await agent.run(question(), never);
      secrets.reply = secretText("Bearer two");
      server.play("refused");
      expect((await agent.run(question(), never)).text).toBe("324 m");
      await agent.run(question(), never);
      expect(sent()).toEqual(["Bearer one", "Bearer one", "Bearer two", "Bearer two"]);
      expect(secrets.seen).toHaveLength(2);
    });

    test("one that is refused with 403 is read again, too", async () => {
      const values = ["Bearer one", "Bearer two"];
      const read = async () => values.shift() ?? "";
      const statuses = [403, 200];
      const authorizations: unknown[] = [];
      const http: HttpDoor = {
        handle: async ({ headers }) => {
          authorizations.push(headers["authorization"]);
          const body = Readable.from([Buffer.from('{"answer":"324 m"}')]);
          return {
            response: {
              statusCode: statuses.shift() ?? 500,
              headers: { "content-type": "application/json", "content-length": "18" },
              body,
            },
          };
        },
      };
      const agent = open(wireConnection(server.url), "/ask", { http, secret: { read, readAgain: read } });
      expect((await agent.run(question(), never)).text).toBe("324 m");
      expect(authorizations).toEqual(["Bearer one", "Bearer two"]);
    });

    test("one that was not replaced is not tried again", async () => {
      server.always("refused");
      await expect(withSecret().run(question(), never)).rejects.toThrow("The agent's endpoint gave HTTP 401.");
      expect(sent()).toEqual(["Bearer one"]);
    });

    test("a new one that is refused too is not tried a third time", async () => {
      const agent = withSecret();
      await agent.run(question(), never);
      secrets.reply = secretText("Bearer two");
      server.always("refused");
      await expect(agent.run(question(), never)).rejects.toThrow("The agent's endpoint gave HTTP 401.");
      expect(sent()).toEqual(["Bearer one", "Bearer one", "Bearer two"]);
    });

    test("without it the endpoint is not called, and the store is named by its error's kind", async () => {
      secrets.always("refused");
      await expect(withSecret().run(question(), never)).rejects.toThrow(
        /^The store of the agent's secret gave AccessDeniedException \(HTTP 400\)\.$/,
      );
      expect(server.seen).toEqual([]);
    });

    test("an abort does not wait for the store", async () => {
      secrets.always("hang");
      await expect(withSecret().run(question(), AbortSignal.timeout(50))).rejects.toMatchObject({
        name: "TimeoutError",
      });
    });
  });
});

describe("a managed secret", () => {
  const ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:oracle";

  function stored(...values: readonly ({ SecretString?: string } | Error)[]) {
    let calls = 0;
    const send = jest.fn(async () => {
      const value = values[Math.min(calls++, values.length - 1)];
      if (value instanceof Error) throw value;
      return value;
    });
    const cache = openReadCache({ ttlMs: 60_000, nowMs: () => NOW_MS, counters: openCounters() });
    return { send, secret: managedSecret(ARN, async () => ({ send }) as unknown as SecretsManagerClient, cache) };
  }

  test("a secret is read once and kept", async () => {
    const { secret, send } = stored({ SecretString: "Bearer one" });
    expect([await secret.read(), await secret.read()]).toEqual(["Bearer one", "Bearer one"]);
    expect(send).toHaveBeenCalledTimes(1);
  });

  test("reading it again gives what it is now, and keeps that", async () => {
    const { secret } = stored({ SecretString: "Bearer one" }, { SecretString: "Bearer two" });
    expect([await secret.read(), await secret.readAgain(), await secret.read()]).toEqual([
      "Bearer one",
      "Bearer two",
      "Bearer two",
    ]);
  });

  test("the line feed of a file is no part of it", async () => {
    expect(await stored({ SecretString: "Bearer one\n" }).secret.read()).toBe("Bearer one");
  });

  test.each([{}, { SecretString: "" }, { SecretString: "canary\r\nx-evil: 1" }, { SecretString: "canary é" }])(
    "%j cannot be sent, and is not quoted",
    async (value) => {
      await expect(stored(value).secret.read()).rejects.toThrow(
        /^The agent's secret cannot be sent: it must be one line of ASCII text\.$/,
      );
    },
  );

  test("a failure names its kind only, and is not kept", async () => {
    const { secret } = stored(Object.assign(new Error(`canary ${ARN}`), { name: "AccessDeniedException" }), {
      SecretString: "Bearer one",
    });
    await expect(secret.read()).rejects.toThrow(/^The store of the agent's secret gave AccessDeniedException\.$/);
    expect(await secret.read()).toBe("Bearer one");
  });
});
