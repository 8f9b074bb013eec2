import { readFileSync } from "node:fs";
import { join } from "node:path";
import { FunctionLog } from "../../../../scripts/local/functions/function-log";
import { folder } from "../fixtures";

test("a report has Lambda's fields, and initialisation is billed", () => {
  const directory = folder();
  const log = new FunctionLog(directory, "f");
  const version = {
    functionName: "f",
    version: "3",
    handler: "",
    runtime: "",
    memoryMiB: 512,
    timeoutSeconds: 3,
    environment: {},
    codeSha256: "",
  };
  log.start("id1", "3");
  log.report({ requestId: "id1", durationMs: 1.234, initMs: 70.5, maxMemoryUsedMiB: 60 }, version);
  log.report({ requestId: "id2", durationMs: 2, initMs: undefined, maxMemoryUsedMiB: undefined }, version);
  log.close();
  log.line("after the end");
  expect(readFileSync(join(directory, "f.log"), "utf8")).toBe(
    "START RequestId: id1 Version: 3\nEND RequestId: id1\n" +
      "REPORT RequestId: id1\tDuration: 1.23 ms\tBilled Duration: 72 ms\tMemory Size: 512 MB\tMax Memory Used: 60 MB\tInit Duration: 70.50 ms\t\n" +
      "END RequestId: id2\nREPORT RequestId: id2\tDuration: 2.00 ms\tBilled Duration: 2 ms\tMemory Size: 512 MB\t\n",
  );
});
