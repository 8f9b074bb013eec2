/**
 * How commands end. A pipeline goes on at 0, rolls back at 1, waits or asks a person at 3. 64 and 70 are those of
 * sysexits.h (BSD).
 */
export const EXIT_CODES = {
  pass: 0,
  fail: 1,
  changes: 2,
  error: 2,
  inconclusive: 3,
  usage: 64,
  crash: 70,
  hungUp: 129,
  interrupted: 130,
  terminated: 143,
} as const;

/** What each code says, for `--help` and the README. */
export const EXIT_CODE_ROWS: readonly (readonly [number, string])[] = [
  [EXIT_CODES.pass, "done: the answer is yes, or nothing would change"],
  [EXIT_CODES.fail, "fail: the answer is no, or a step of the work failed"],
  [EXIT_CODES.changes, "plan, drift and synth --diff: something changes; verify and audit: nothing was found out"],
  [
    EXIT_CODES.inconclusive,
    "verify, tune and canary: there is too little evidence to decide; rollback: done, and the API cannot be asked from here",
  ],
  [EXIT_CODES.usage, "usage: refused, because what was given, or what is there, does not allow it"],
  [EXIT_CODES.crash, "crash: a defect of quickturn; it prints a stack"],
  [EXIT_CODES.hungUp, "interrupted by SIGHUP: the terminal was closed"],
  [EXIT_CODES.interrupted, "interrupted by SIGINT: Ctrl-C"],
  [EXIT_CODES.terminated, "interrupted by SIGTERM"],
];
