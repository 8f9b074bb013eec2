const { default: Sequencer } = require("@jest/test-sequencer");

/** The emulator's tests take minutes, the others seconds: two workers end together only if the longest begin. */
const LONGEST = ["emulator/lifecycle", "emulator/commands", "emulator/modules", "emulator/workflows", "emulator/killed-apply", "emulator/permissions", "emulator/canary", "emulator/rollback", "emulator/soak", "commands/release", "commands/successor", "emulator/state-lock", "emulator/parts", "emulator/upgrades", "emulator/http", "emulator/verify", "emulator/local", "stores/requests", "stores/requests-model", "clients/frozen", "bench/wake"].map((name) => `/${name}.test.ts`);

module.exports = class SlowestFirst extends Sequencer {
  sort(tests) {
    const rank = ({ path }) => LONGEST.findIndex((end) => path.endsWith(end)) + 1 || LONGEST.length + 1;
    return [...super.sort(tests)].sort((one, other) => rank(one) - rank(other));
  }
};
