const { default: Sequencer } = require("@jest/test-sequencer");

/** The emulator's tests take minutes, the others seconds: two workers end together only if the long ones begin. */
module.exports = class SlowestFirst extends Sequencer {
  sort(tests) {
    const rank = ({ path }) => (path.includes("/emulator/") ? 0 : 1);
    return [...super.sort(tests)].sort((one, other) => rank(one) - rank(other));
  }
};
