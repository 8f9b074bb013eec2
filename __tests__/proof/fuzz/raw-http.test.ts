import { createServer, type Socket, type AddressInfo } from "node:net";
import { callRaw, parseAnswer } from "./raw-http";

async function against(
  serve: (socket: Socket, asked: Buffer) => void,
  more: Partial<Parameters<typeof callRaw>[1]> = {},
) {
  const server = createServer({ allowHalfOpen: true }, (socket) =>
    socket.on("error", () => undefined).once("data", (asked) => serve(socket, asked)),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await callRaw(new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), {
      bytes: Buffer.from("X \0\r\n\r\n"),
      timeoutMs: 3_600_000,
      isHead: false,
      endsEarly: false,
      ...more,
    });
  } finally {
    server.close();
  }
}

test("bytes are sent as they are, and the answer is read while the connection stays open", async () => {
  const answer = await against(
    (socket, asked) =>
      socket.write(`HTTP/1.1 200 OK\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: ${asked.length}\r\n\r\n`) &&
      socket.write(asked),
  );
  expect(answer).toMatchObject({
    kind: "answer",
    status: 200,
    headers: [
      ["x-a", "1"],
      ["x-a", "2"],
      ["content-length", "7"],
    ],
    body: "X \0\r\n\r\n",
  });
});

test("silence is a hang, a closed connection is none, and an answer before the end counts", async () => {
  expect(await against(() => undefined, { timeoutMs: 1 })).toMatchObject({ kind: "hang" });
  expect(await against((socket) => socket.destroy())).toMatchObject({ kind: "closed" });
  expect(await against((socket) => socket.end("HTTP/1.1 413 Too Large\r\n\r\nlarge"))).toMatchObject({
    kind: "answer",
    status: 413,
    body: "large",
  });
});

test("nobody at home is told, and nothing is thrown", async () => {
  expect(
    await callRaw(new URL("http://127.0.0.1:9"), {
      bytes: Buffer.from("x"),
      timeoutMs: 3_600_000,
      isHead: false,
      endsEarly: true,
    }),
  ).toMatchObject({ kind: "closed", reason: "ECONNREFUSED" });
});

test("chunks are put together, 100 Continue is passed over, and HEAD has no body", () => {
  expect(
    parseAnswer(
      Buffer.from("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=1\r\nde\r\n0\r\n\r\n"),
      false,
      false,
    )?.body,
  ).toBe("abcde");
  expect(
    parseAnswer(Buffer.from("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab"), false, false),
  ).toBeUndefined();
  expect(
    parseAnswer(
      Buffer.from("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 OK\r\nContent-Length: 1\r\n\r\nx"),
      false,
      false,
    ),
  ).toMatchObject({ status: 202, body: "x" });
  expect(parseAnswer(Buffer.from("HTTP/1.1 403 No\r\nContent-Length: 9\r\n\r\n"), true, false)).toMatchObject({
    status: 403,
    body: "",
  });
  expect(parseAnswer(Buffer.from("SSH-2.0-x\r\n\r\n"), false, true)).toBeUndefined();
});
