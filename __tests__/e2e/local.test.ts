import { existsSync } from "node:fs";
import { createServer, type AddressInfo, type Server } from "node:net";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { provideNodeBinary } from "../../scripts/kit/node-binary";
import type { Trial } from "../../scripts/local/demonstration";
import { CACHE, runProgram } from "../support/command-line";
import { startQuickturn } from "../support/local-run";
import { PROJECT } from "../support/stack-json";
import { temporaryFolder } from "../support/temporary-folder";
import { until } from "../support/until";

/** `quickturn local` as a person starts it, in an environment that would lead it to an account if it could be led. */

/** Counts who connects: what stands in for an account, a proxy, or a metadata service. */
async function trap(): Promise<{ server: Server; address: string; connections: () => number }> {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    server,
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: () => connections,
  };
}

const SERVICES = [
  "DYNAMODB",
  "SQS",
  "S3",
  "LAMBDA",
  "STS",
  "IAM",
  "API_GATEWAY",
  "CLOUDWATCH",
  "SNS",
  "CLOUDWATCH_LOGS",
];

/** @param address of the trap @param home of the run */
const hostile = (address: string, home: string): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(SERVICES.map((service) => [`AWS_ENDPOINT_URL_${service}`, address])),
  AWS_ACCESS_KEY_ID: "AKIAREALLYREALLYREAL",
  AWS_SECRET_ACCESS_KEY: "real",
  AWS_PROFILE: "production",
  AWS_EC2_METADATA_SERVICE_ENDPOINT: address,
  AWS_CONTAINER_CREDENTIALS_FULL_URI: address,
  HTTP_PROXY: address,
  HTTPS_PROXY: address,
  http_proxy: address,
  https_proxy: address,
  TF_VAR_aws_region: "eu-west-1",
  TF_VAR_memory_size: "128",
  TF_CLI_ARGS: "-var=name=production",
  TF_WORKSPACE: "production",
  TF_DATA_DIR: join(home, "elsewhere"),
  QUICKTURN_PREVENT_DESTROY: "anything",
});

let trapped: Awaited<ReturnType<typeof trap>>;
let home: string;
let demonstration: ReturnType<typeof startQuickturn>;
let served: ReturnType<typeof startQuickturn>;
let said = "";

beforeAll(async () => {
  trapped = await trap();
  home = temporaryFolder("home");
  // Not in the run itself, whose proxy leads to the trap.
  await provideNodeBinary("nodejs22.x", console.info, process.env);
  demonstration = startQuickturn(["--json", "local", "--once"], {
    PATH: process.env["PATH"],
    HOME: home,
    ...CACHE,
    ...hostile(trapped.address, home),
  });
  served = startQuickturn(["local", "--serve-only"], { PATH: process.env["PATH"], HOME: home });
  served.child.stderr?.on("data", (chunk: Buffer) => (said += stripVTControlCharacters(chunk.toString())));
});
afterAll(async () => {
  served?.child.kill("SIGINT");
  await served?.ended;
  demonstration?.child.kill("SIGINT");
  await demonstration?.ended;
  trapped?.server.close();
});

test("an endpoint that is not this machine's is refused before anything is started", async () => {
  const { ended } = startQuickturn(["local", "--once"], {
    PATH: "/nowhere",
    HOME: "/nowhere",
    AWS_ENDPOINT_URL: "https://dynamodb.us-east-1.amazonaws.com",
  });
  const { code, stderr } = await ended;
  expect(code).toBe(64);
  expect(stderr).toContain(
    'AWS_ENDPOINT_URL is "https://dynamodb.us-east-1.amazonaws.com"; the local runtime talks only to an emulator on this machine.',
  );
});

test("a port that is taken is refused before anything is started", async () => {
  const { port } = new URL(trapped.address);
  const { ended } = startQuickturn(["local", "--port", port], {
    PATH: "/nowhere",
    HOME: "/nowhere",
    TMPDIR: "/nowhere",
  });
  const { code, stderr } = await ended;
  expect({ code, stderr }).toEqual({
    code: 64,
    stderr: `\nError: --port ${port} of 127.0.0.1 cannot be served (EADDRINUSE); allowed: a port that no other program uses, or none: a free one is then chosen.\n`,
  });
});

test("the demonstration answers, flips, flips back, ends with 0, and reaches nothing that a hostile environment names", async () => {
  const { code, stdout, stderr } = await demonstration.ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.not.stringContaining("Error") as unknown });
  const { url, trials } = JSON.parse(stdout) as { url: string; trials: Trial[] };
  expect(trials.map(({ accepted, status, agents }) => ({ accepted, status, agents: agents.length }))).toEqual(
    Array(3).fill({ accepted: 202, status: "completed", agents: 14 }),
  );
  const [optimized, baseline, again] = trials as [Trial, Trial, Trial];
  expect(optimized.cacheHits).toBeGreaterThan(0);
  expect(baseline.cacheHits).toBe(0);
  expect(again.cacheHits).toBeGreaterThan(0);
  // One agent after the other: what all of them took adds up to no more than the whole run.
  expect(Math.floor(baseline.agents.reduce((sum, { duration_ms: ms }) => sum + ms, 0))).toBeLessThanOrEqual(
    baseline.agentsMs,
  );
  expect(trapped.connections()).toBe(0);
  expect(existsSync(join(home, "elsewhere"))).toBe(false);
  await expect(fetch(`${url}/api/v1/health`)).rejects.toThrow();
});

test("without a demonstration it prints the keys too, and every line that it prints works in another shell", async () => {
  await until("it serves", () => said.includes("Press Ctrl-C to stop"));
  const lines = said.split("\n").map((line) => line.trim());
  const exports = lines.filter((line) => line.startsWith("export "));
  const commands = lines.filter((line) => /^(curl|npx) /.test(line) && !line.includes("<request_id>"));
  const html = join(home, "dashboard.html");
  const shell = (command: string) =>
    runProgram("bash", ["-c", [...exports, command.replace("dashboard.html", html)].join("\n")], {
      project: PROJECT,
      environment: { PATH: process.env["PATH"], HOME: home },
    });
  const codes: Record<string, number> = {};
  for (const command of commands) {
    const { code, stdout } = await shell(command);
    codes[/--smoke|verify(?!.*--smoke)|dashboard/.exec(command)?.[0] ?? "curl"] = code;
    if (command.startsWith("curl")) expect(stdout).toContain("202");
  }
  // There is too little evidence to judge its metrics yet.
  expect(codes).toEqual({ curl: 0, "--smoke": 0, verify: 3, dashboard: 0 });
  expect(existsSync(html)).toBe(true);
  served.child.kill("SIGINT");
  expect((await served.ended).code).toBe(0);
});
