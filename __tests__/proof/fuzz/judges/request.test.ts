import { latin1, utf8, utf8Header, wireBytes, type FuzzRequest } from "../request";

const place = { host: "h:1", stage: "/live" };
const text = (request: Partial<FuzzRequest>) =>
  Buffer.from(
    wireBytes({ method: "POST", target: "/a?b=|", headers: [["X", "1"]], credentials: "good", ...request }, place, [
      ["Authorization", "s"],
    ]),
  ).toString("latin1");

test("a request goes over the wire as it is, its length with it", () => {
  expect(text({ body: utf8("é") })).toBe(
    "POST /live/a?b=| HTTP/1.1\r\nHost: h:1\r\nConnection: close\r\nX: 1\r\nAuthorization: s\r\nContent-Length: 2\r\n\r\n\xc3\xa9",
  );
  expect(text({})).not.toContain("Content-Length");
});

test("lines, lengths and first lines that are no HTTP are not mended", () => {
  expect(
    text({ startLine: "G\tET {target}", contentLength: "-1", lines: ["X-Nul: a\0b", " folded"], withoutHost: true }),
  ).toBe(
    "G\tET /live/a?b=|\r\nConnection: close\r\nX: 1\r\nAuthorization: s\r\nContent-Length: -1\r\nX-Nul: a\0b\r\n folded\r\n\r\n",
  );
});

test("chunks come without a length, unless one is asked for", () => {
  expect(text({ body: latin1("0"), lines: ["Transfer-Encoding: chunked"] })).not.toContain("Content-Length");
  expect(text({ body: latin1("0"), lines: ["Transfer-Encoding: chunked"], contentLength: "1" })).toContain(
    "Content-Length: 1",
  );
});

test("texts become bytes: Latin-1 a byte a character, UTF-8 with half a pair replaced", () => {
  expect([...latin1("\xff\0")]).toEqual([255, 0]);
  expect([...utf8("\ud800")]).toEqual([0xef, 0xbf, 0xbd]);
  expect(utf8Header("é")).toBe("\xc3\xa9");
});
