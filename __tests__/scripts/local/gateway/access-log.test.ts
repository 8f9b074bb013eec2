import { readFileSync } from "node:fs";
import { join } from "node:path";
import { AccessLog, formatLine } from "../../../../scripts/local/gateway/access-log";
import { folder } from "../fixtures";

test("a caller's text can end neither the line nor a JSON string", () => {
  const line = formatLine(
    '{"u":"$context.identity.userAgent",\n"m":$context.error.messageString}',
    new Map([
      ["identity.userAgent", 'a"b\nc'],
      ["error.messageString", '"said"'],
    ]),
  );
  expect(JSON.parse(line)).toEqual({ u: 'a"b\nc', m: "said" });
  expect(line).not.toContain("\n");
});

test("lines are written in the order of the requests", async () => {
  const directory = folder();
  const log = new AccessLog(directory);
  for (let index = 0; index < 50; index += 1) log.write("$context.n", new Map([["n", String(index)]]));
  await log.close();
  expect(readFileSync(join(directory, "access.log"), "utf8").trim().split("\n")).toEqual(
    Array.from({ length: 50 }, (_, index) => String(index)),
  );
});
