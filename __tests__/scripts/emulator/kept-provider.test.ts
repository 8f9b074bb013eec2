import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { keepProvider } from "../../../scripts/emulator/kept-provider";
import { temporaryFolder } from "../../support/temporary-folder";

/** The real provider is kept by every test in emulator/; here a program stands for it that can be made to fail. */
function folderWith(script: string): string {
  const directory = temporaryFolder("provider");
  const folder = join(directory, ".terraform/providers/registry.terraform.io/hashicorp/aws/5.0.0/any_platform");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "terraform-provider-aws_v5"), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, "terraform-provider-aws_v5"), 0o700);
  return directory;
}
const env = { PATH: process.env["PATH"] };
const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test("gives terraform a socket in front of the one that the provider announces, and ends both", async () => {
  const announcedSocket = join(temporaryFolder("socket"), "p");
  const announced = (pid: string) =>
    `{"registry.terraform.io/hashicorp/aws":{"Pid":${pid},"Addr":{"Network":"unix","String":"${announcedSocket}"}}}`;
  const provider = await keepProvider({
    directory: folderWith(
      `[ "$1" = -debug ] || exit 3\necho starting\n` +
        `echo "TF_REATTACH_PROVIDERS='${announced("$$").replaceAll('"', '\\"')}'"\nexec sleep 60`,
    ),
    env,
  });
  const {
    Pid: pid,
    Addr: { String: socket },
  } = (
    JSON.parse(provider.variables["TF_REATTACH_PROVIDERS"]!) as Record<
      string,
      { Pid: number; Addr: { String: string } }
    >
  )["registry.terraform.io/hashicorp/aws"]!;
  expect([isAlive(pid), existsSync(socket)]).toEqual([true, true]);
  await provider.stop();
  expect([isAlive(pid), existsSync(socket)]).toEqual([false, false]);
  await provider.stop();
});

test("a folder that is not initialized is an error that says what to do", async () => {
  await expect(keepProvider({ directory: temporaryFolder("provider"), env })).rejects.toThrow(
    /There is no AWS provider below .*; run terraform init there first/,
  );
});

test("a provider that announces no socket is ended, with an error", async () => {
  await expect(
    keepProvider({ directory: folderWith(`echo "TF_REATTACH_PROVIDERS='{}'"\nexec sleep 60`), env }),
  ).rejects.toThrow("The provider announces {}; expected one provider at a Unix socket");
});

test("a provider that ends early, or never announces itself, is an error, and no process stays", async () => {
  await expect(keepProvider({ directory: folderWith("exit 7"), env })).rejects.toThrow(
    /-debug ended with code 7 before it could be used/,
  );
  await expect(keepProvider({ directory: folderWith("exec sleep 60"), env, timeoutMs: 200 })).rejects.toThrow(
    /-debug did not start within 200 ms/,
  );
});
