import { Readable } from "node:stream";
import { MAX_ANSWER_BYTES, readBody } from "../../../handlers/agents/body";

test("a body is read to its end, also where a character is cut in two", async () => {
  const bytes = Buffer.from("324 m ★");
  expect(await readBody(Readable.from([bytes.subarray(0, 7), bytes.subarray(7)]))).toBe("324 m ★");
});

test("an empty body is an empty text", async () => {
  expect(await readBody(Readable.from([]))).toBe("");
});

test("a body that breaks off rejects", async () => {
  async function* broken() {
    yield Buffer.from("half");
    throw new Error("reset");
  }
  await expect(readBody(broken())).rejects.toThrow("reset");
});

test("a body may have the largest size, and a larger one is not read on", async () => {
  expect(await readBody(Readable.from([Buffer.alloc(MAX_ANSWER_BYTES, "x")]))).toHaveLength(MAX_ANSWER_BYTES);
  const stream = Readable.from([Buffer.alloc(MAX_ANSWER_BYTES), Buffer.alloc(1), Buffer.alloc(1)]);
  await expect(readBody(stream)).rejects.toThrow("The agent's answer is larger than 5242880 bytes.");
  expect(stream.destroyed).toBe(true);
});
