const { execFileSync } = require("node:child_process");
const { join } = require("node:path");

/** Packages the functions and synthesizes the stacks once, as a person does: the tests read what that wrote. */
module.exports = () => {
  execFileSync(process.execPath, [join("scripts", "bin", "quickturn.js"), "synth"], { cwd: join(__dirname, ".."), stdio: ["ignore", "ignore", "inherit"] });
};
