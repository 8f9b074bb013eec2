import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * A folder of this run of the tests, for what its files share; `runner/start-run.js` makes it, and `runner/end-run.js`
 * deletes it.
 */
export const RUN_FOLDER = process.env["QUICKTURN_TEST_RUN"] ?? mkdtempSync(join(tmpdir(), "quickturn-run-"));
