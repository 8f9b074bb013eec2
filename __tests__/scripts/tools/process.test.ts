import { existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { run, ProgramFailed } from "../../../scripts/tools/process";

const node = (code: string, options: Partial<Parameters<typeof run>[2]> = {}) => run(process.execPath, ["-e", code], { cwd: "/", env: {}, ...options });

/** A zombie, which nobody has waited for yet, is dead all the same. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0) && !/^State:\s+Z/m.test(existsSync(`/proc/${pid}/status`) ? readFileSync(`/proc/${pid}/status`, "utf8") : "");
  } catch {
    return false;
  }
}

test("a program's output and code come back, and it inherits no environment", async () => {
  process.env["CANARY"] = "sings";
  const { code, stdout, stderr } = await node("console.log(process.env.CANARY ?? 'silent'); console.error('e')");
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "silent\n", stderr: "e\n" });
});

test("lines are handed on as they come, whole", async () => {
  const lines: string[] = [];
  await node("process.stdout.write('a'); setTimeout(() => process.stdout.write('b\\nc\\n'), 50)", { onLine: (line) => lines.push(line) });
  expect(lines).toEqual(["ab", "c"]);
});

test("a code that is not accepted is an error with the program's words; an accepted one is not", async () => {
  await expect(node("console.error('boom'); process.exit(3)")).rejects.toThrow(/ended with code 3:\nboom/);
  await expect(node("process.exit(3)")).rejects.toBeInstanceOf(ProgramFailed);
  expect((await node("process.exit(2)", { acceptedCodes: [0, 2] })).code).toBe(2);
});

test("a program that is missing is an error that says what to do", async () => {
  await expect(run("no-such-program", [], { cwd: "/", env: {} })).rejects.toThrow("no-such-program cannot be started");
  await expect(run("no-such-program", [], { cwd: "/", env: {} })).rejects.toThrow("Run `quickturn doctor`");
});

test("an abort interrupts once and waits for the program to end by itself", async () => {
  const controller = new AbortController();
  const running = node("let n = 0; process.on('SIGINT', () => { n++; setTimeout(() => { console.log('interrupts', n); process.exit(0) }, 200) }); console.log('ready'); setInterval(() => {}, 1000)", {
    signal: controller.signal,
    onLine: (line) => line === "ready" && controller.abort(),
  });
  expect((await running).stdout).toBe("ready\ninterrupts 1\n");
  await sleep(0);
});

test("a kill ends the program and what it started, at once, without a chance to put anything in order", async () => {
  const controller = new AbortController();
  const lines: string[] = [];
  const child = "process.on('SIGINT', () => {}); process.on('SIGTERM', () => {}); console.log(process.pid); setInterval(() => {}, 1000)";
  const running = node(`for (const name of ['SIGINT', 'SIGTERM', 'exit']) process.on(name, () => console.log('tidied up')); require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(child)}], { stdio: 'inherit' })`, {
    kill: controller.signal,
    onLine: (line) => {
      lines.push(line);
      controller.abort();
    },
  });
  await expect(running).rejects.toBeInstanceOf(ProgramFailed);
  expect(lines).toEqual([expect.stringMatching(/^\d+$/)]);
  // Its output has ended, so it is dead; the kernel may take a moment to forget it.
  for (let tries = 0; tries < 50 && isAlive(Number(lines[0])); tries++) await sleep(20);
  expect(isAlive(Number(lines[0]))).toBe(false);
});

test("arguments reach the program as they are, never through a shell", async () => {
  const { stdout } = await run(process.execPath, ["-e", "console.log(process.argv[1])", "$(id); `id` && x"], { cwd: "/", env: {} });
  expect(stdout).toBe("$(id); `id` && x\n");
});
