import { ForgeError, ForgeApi } from "../../../scripts/review/forges";
import { answeringServer, type Answer } from "../../support/answering-server";

const TOKEN = "a-token-that-nobody-may-see";

/** Calls a server that answers so, and yields its error. */
async function failure(answer: Answer): Promise<ForgeError> {
  const server = await answeringServer(() => answer);
  try {
    await new ForgeApi({
      url: server.url,
      headers: { authorization: `Bearer ${TOKEN}` },
      advice: { 403: "Ask for it." },
    }).call(["GET", "/x"]);
    throw new Error("It did not fail");
  } catch (error) {
    if (error instanceof ForgeError) return error;
    throw error;
  } finally {
    await server.stop();
  }
}

test("a refusal names method, path, status, what the forge said and what to do, and not the token", async () => {
  const error = await failure({ status: 403, body: '{"message":"Resource not accessible by integration"}' });
  expect(error.message).toBe("GET /x was answered 403: Resource not accessible by integration. Ask for it.");
  expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain(TOKEN);
});

test.each<[number, Record<string, string>, boolean]>([
  [500, {}, true],
  [502, {}, true],
  [429, {}, true],
  [403, { "retry-after": "1" }, true],
  [403, { "x-ratelimit-remaining": "0" }, true],
  [403, {}, false],
  [404, {}, false],
  [401, {}, false],
  [422, {}, false],
])("%i with %j is transient: %s", async (status, headers, isTransient) =>
  expect((await failure({ status, headers, body: "{}" })).isTransient).toBe(isTransient),
);

test("the beginning of a gateway's error page is shown", async () =>
  expect((await failure({ status: 502, body: "<html>Bad\n gateway</html>" })).message).toBe(
    "GET /x was answered 502: <html>Bad gateway</html>.",
  ));

test("a redirect is not followed, because the token would be sent elsewhere", async () => {
  const other = await answeringServer(() => ({ body: "{}" }));
  expect((await failure({ status: 302, headers: { location: other.url } })).message).toContain(
    "GET /x was answered 302",
  );
  expect(other.asked).toEqual([]);
  await other.stop();
});

test("a server that does not answer is a transient failure, whose message names only the host", async () => {
  await expect(
    new ForgeApi({ url: "http://127.0.0.1:9", headers: {}, advice: {} }).call(["GET", "/x"]),
  ).rejects.toMatchObject({
    isTransient: true,
    message: expect.stringMatching(/^GET \/x got no answer from 127\.0\.0\.1:9: /) as unknown,
  });
});

test.each(["http://forge.example.org", "http://127.example.org"])(
  "a token is sent only over https or to loopback, and not to %s",
  (url) => {
    expect(() => new ForgeApi({ url, headers: {}, advice: {} })).toThrow(
      `The forge's address is ${url}; allowed: https://…, because a token is sent there`,
    );
  },
);
