import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { coldCalls } from "../../../bench/cold-calls";
import { COLD_VARIANTS, makeColdCode } from "../../../bench/cold-variants";
import { PROJECT } from "../../support/stack-json";
import { temporaryFolder } from "../../support/temporary-folder";

test("each variant has code of its own: the SDK stays out of one, and is in the other", async () => {
  const code = await makeColdCode(PROJECT, temporaryFolder("cold-variants"));
  const [invoke, status, worker] = coldCalls("http://127.0.0.1");
  const folders = COLD_VARIANTS.map((variant) => code(variant, invoke!)!);
  expect(new Set(folders).size).toBe(COLD_VARIANTS.length);
  expect(code("by hand", worker!)).toBeUndefined();
  const text = (variant: (typeof COLD_VARIANTS)[number], file: string) =>
    readFileSync(join(code(variant, invoke!)!, file), "utf8");
  expect(text("unbundled", "index.cjs")).toContain('require("@aws-sdk/client-sqs")');
  expect(text("default", "index.cjs")).not.toContain('require("@aws-sdk/client-dynamodb")');
  expect(readFileSync(join(code("unbundled", status!)!, "index.cjs"), "utf8")).not.toContain("client-sqs");
  expect(code("unbundled", worker!)).toBeUndefined();
  expect(existsSync(join(code("ours", invoke!)!, "index.mjs"))).toBe(true);
});
