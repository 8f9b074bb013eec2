import { spawn } from "node:child_process";
import {
  Interrupted,
  type EndingSignal,
  run,
  ProgramFailed,
  interruptPrograms,
  killPrograms,
  rememberProgram,
  runningPrograms,
} from "../../../scripts/kit/process";
import { isAlive, until } from "../emulator/fixtures";

describe("process", () => {
  const node = (code: string, options: Partial<Parameters<typeof run>[2]> = {}) =>
    run(process.execPath, ["-e", code], { cwd: "/", env: {}, ...options });

  test("a program's output and code come back, and it inherits no environment", async () => {
    process.env["CANARY"] = "sings";
    const { code, stdout, stderr } = await node("console.log(process.env.CANARY ?? 'silent'); console.error('e')");
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "silent\n", stderr: "e\n" });
  });

  test("lines are handed on as they come, whole", async () => {
    const lines: string[] = [];
    await node("process.stdout.write('a', () => setTimeout(() => process.stdout.write('b\\nc\\n'), 50))", {
      onLine: (line) => lines.push(line),
    });
    expect(lines).toEqual(["ab", "c"]);
  });

  test("a code that is not accepted is an error with the program's words; an accepted one is not", async () => {
    await expect(node("console.error('boom'); process.exit(3)")).rejects.toThrow(/ended with code 3:\nboom/);
    await expect(node("process.exit(3)")).rejects.toBeInstanceOf(ProgramFailed);
    expect((await node("process.exit(2)", { acceptedCodes: [0, 2] })).code).toBe(2);
  });

  test("a program that is missing is an error that says what to do", async () => {
    await expect(run("no-such-program", [], { cwd: "/", env: {} })).rejects.toThrow(
      "no-such-program cannot be started",
    );
    await expect(run("no-such-program", [], { cwd: "/", env: {} })).rejects.toThrow("Run `quickturn doctor`");
  });

  test("an abort interrupts once and waits for the program to end by itself", async () => {
    const controller = new AbortController();
    let pid = 0;
    const running = node(
      "process.on('SIGINT', () => console.log('interrupted'));" +
        "process.on('SIGUSR2', () => { console.log('ended'); process.exit(0) });" +
        "console.log('ready'); setInterval(() => {}, 1000)",
      {
        signal: controller.signal,
        onStart: (started) => (pid = started),
        onLine: (line) => {
          if (line === "ready") controller.abort();
          else if (line === "interrupted") process.kill(pid, "SIGUSR2");
        },
      },
    );
    expect((await running).stdout).toBe("ready\ninterrupted\nended\n");
  });

  test("a kill ends the program and what it started, at once, without a chance to put anything in order", async () => {
    const controller = new AbortController();
    const lines: string[] = [];
    const child =
      "for (const name of ['SIGINT', 'SIGTERM']) process.on(name, () => {});" +
      "console.log(process.pid); setInterval(() => {}, 1000)";
    const running = node(
      "for (const name of ['SIGINT', 'SIGTERM', 'exit']) process.on(name, () => console.log('tidied up'));" +
        "const { spawn } = require('node:child_process');" +
        `spawn(process.execPath, ['-e', ${JSON.stringify(child)}], { stdio: 'inherit' })`,
      {
        kill: controller.signal,
        onLine: (line) => {
          lines.push(line);
          controller.abort();
        },
      },
    );
    await expect(running).rejects.toBeInstanceOf(ProgramFailed);
    expect(lines).toEqual([expect.stringMatching(/^\d+$/)]);
    // Its output has ended, so it is dead; the kernel may take a moment to forget it.
    await until(() => !isAlive(Number(lines[0])));
  });

  test("arguments reach the program as they are, never through a shell", async () => {
    const { stdout } = await run(process.execPath, ["-e", "console.log(process.argv[1])", "$(id); `id` && x"], {
      cwd: "/",
      env: {},
    });
    expect(stdout).toBe("$(id); `id` && x\n");
  });

  describe("after a signal has ended the work", () => {
    const interrupted = (by: EndingSignal = "SIGTERM") => {
      const controller = new AbortController();
      return { signal: controller.signal, abort: () => controller.abort(new Interrupted(by)) };
    };

    test("a program that it cut short is told as interrupted, with what the program printed as the cause", async () => {
      const { signal, abort } = interrupted();
      const running = node("console.log('half'); setInterval(() => {}, 1000)", { signal, onLine: abort });
      await expect(running).rejects.toMatchObject({
        name: "Interrupted",
        by: "SIGTERM",
        cause: { name: "ProgramFailed", result: { stdout: "half\n" } },
      });
    });

    test("no further program is started", async () => {
      const { signal, abort } = interrupted();
      abort();
      let started = false;
      await expect(node("", { signal, onStart: () => (started = true) })).rejects.toBeInstanceOf(Interrupted);
      expect(started).toBe(false);
    });

    test("a running program can be interrupted once more and killed; a helper is only killed", async () => {
      const lines: string[] = [];
      const helper = spawn("sleep", ["1000"], { detached: true });
      rememberProgram(helper, "helper", { isHelper: true });
      const helperEnded = new Promise((resolve) => helper.once("exit", (_code, by) => resolve(by)));
      const running = node(
        "process.on('SIGINT', () => console.log('interrupted')); console.log('ready'); setInterval(() => {}, 1000)",
        {
          onLine: (line) => {
            lines.push(line);
            if (line === "ready") {
              expect(runningPrograms()).toEqual([process.execPath]);
              interruptPrograms();
            } else killPrograms();
          },
        },
      );
      await expect(running).rejects.toBeInstanceOf(ProgramFailed);
      expect({ lines, helper: await helperEnded }).toEqual({ lines: ["ready", "interrupted"], helper: "SIGKILL" });
      expect(runningPrograms()).toEqual([]);
    });
  });
});
