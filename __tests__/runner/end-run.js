const { existsSync, readFileSync, rmSync } = require("node:fs");
const { join } = require("node:path");

/** Ends the account that the files of this run shared (support/applied-account.ts), and deletes what they wrote. */
module.exports = () => {
  const folder = process.env.QUICKTURN_TEST_RUN;
  if (folder === undefined || !existsSync(folder)) return;
  const account = join(folder, "account.json");
  const { pid } = existsSync(account) ? JSON.parse(readFileSync(account, "utf8")) : {};
  if (pid !== undefined) process.kill(pid, "SIGTERM");
  rmSync(folder, { recursive: true, force: true });
};
