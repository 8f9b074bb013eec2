import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { WakeProcess } from "../../../bench/wake-rig";
import { temporaryFolder } from "../../support/temporary-folder";

const ECHO = `process.on("message", (command) => {
  if (command.do === "open") throw new Error("it cannot be opened");
  if (command.do === "ask") process.send({ ms: process.pid, attempts: 1 });
});`;

/** Longer than any test may take: what is answered is waited for. */
const FOR_EVER_MS = 2 ** 30;

const started: WakeProcess[] = [];
afterEach(() => started.splice(0).forEach((each) => each.kill()));

function start(code = ECHO): WakeProcess {
  const file = join(temporaryFolder("probe"), "probe.mjs");
  writeFileSync(file, code);
  const subject = new WakeProcess(file, process.execPath);
  started.push(subject);
  return subject;
}

const pidOf = async (subject: WakeProcess) =>
  ((await subject.perform({ do: "ask" }, FOR_EVER_MS)) as { ms: number }).ms;
const stateOf = (pid: number) => readFileSync(`/proc/${pid}/stat`, "utf8").split(" ")[2];

test("a command is answered, and one that is not within the time gives nothing", async () => {
  const subject = start();
  expect(await subject.perform({ do: "ask" }, FOR_EVER_MS)).toMatchObject({ attempts: 1 });
  expect(await subject.perform({ do: "jump", ms: 1 }, 50)).toBeUndefined();
});

test("a frozen process answers when it is thawed", async () => {
  const subject = start();
  const pid = await pidOf(subject);
  subject.freeze();
  while (stateOf(pid) !== "T") await new Promise((resolve) => setTimeout(resolve, 5));
  const answer = subject.perform({ do: "ask" }, FOR_EVER_MS);
  subject.thaw();
  expect(await answer).toEqual({ ms: pid, attempts: 1 });
});

test("one that ends early is said, with what it wrote", async () => {
  const subject = start();
  await expect(
    subject.perform({ do: "open", variant: "ours", endpoint: "", sockets: 1, requestTimeoutMs: 1 }, FOR_EVER_MS),
  ).rejects.toThrow(/ended early \(1\): [^]*it cannot be opened/);
});

test("a frozen one that is killed is gone, and a command to it fails", async () => {
  const subject = start();
  await pidOf(subject);
  subject.freeze();
  subject.kill();
  await expect(subject.perform({ do: "ask" }, FOR_EVER_MS)).rejects.toThrow("The probe ended early (SIGKILL)");
  await expect(subject.perform({ do: "ask" }, FOR_EVER_MS)).rejects.toThrow("The probe ended early (SIGKILL)");
});
