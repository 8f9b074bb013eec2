import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  findProviderSource,
  providerVariables,
  terraformEnvironment,
} from "../../../scripts/kit/terraform-environment";
import { temporaryFolder } from "../../support/temporary-folder";

let root: string;
beforeEach(() => {
  root = temporaryFolder("root");
});
const mirrorAt = (path: string) => {
  mkdirSync(join(root, path, "registry.terraform.io/hashicorp/aws"), { recursive: true });
  return join(root, path);
};

/** No account can be reached. */
const EMULATED = { HOME: "/nowhere", AWS_ENDPOINT_URL: "http://127.0.0.1:5000" };

test("a CLI configuration that exists wins over a mirror", () => {
  mirrorAt("opt/mirror");
  writeFileSync(join(root, "rc"), "");
  expect(findProviderSource({ ...EMULATED, TF_CLI_CONFIG_FILE: join(root, "rc") }, { root })).toEqual({
    kind: "cli-config",
    path: join(root, "rc"),
  });
});

test("a CLI configuration in the home folder counts too", () => {
  writeFileSync(join(root, ".terraformrc"), "");
  expect(findProviderSource({ HOME: root }, { root })).toEqual({
    kind: "cli-config",
    path: join(root, ".terraformrc"),
  });
});

test("a CLI configuration that is named but does not exist is passed over", () => {
  const path = mirrorAt("opt/mirror");
  expect(findProviderSource({ ...EMULATED, TF_CLI_CONFIG_FILE: join(root, "missing") }, { root })).toEqual({
    kind: "mirror",
    path,
  });
});

test("where the account is an emulator, a mirror with the AWS provider is found where people install one", () => {
  mkdirSync(join(root, "opt/a/registry.terraform.io/hashicorp/random"), { recursive: true });
  const plugins = mirrorAt("usr/share/terraform/plugins");
  expect(findProviderSource(EMULATED, { root })).toEqual({ kind: "mirror", path: plugins });
  const nearer = mirrorAt("opt/b");
  expect(findProviderSource(EMULATED, { root })).toEqual({ kind: "mirror", path: nearer });
});

test("where an account can be reached no mirror is looked for, and elsewhere on the disk never", () => {
  mirrorAt("opt/mirror");
  for (const environment of [{ HOME: "/nowhere" }, { HOME: "/nowhere", AWS_ENDPOINT_URL: "https://proxy.example.org" }])
    expect(findProviderSource(environment, { root })).toEqual({ kind: "registry" });
  const elsewhere = temporaryFolder("root");
  for (const place of ["tmp/x", "home/somebody/y", "srv"])
    mkdirSync(join(elsewhere, place, "registry.terraform.io/hashicorp/aws"), { recursive: true });
  expect(findProviderSource(EMULATED, { root: elsewhere })).toEqual({ kind: "registry" });
});

test.each([
  "opt",
  "opt/mirror",
  "opt/mirror/registry.terraform.io",
  "opt/mirror/registry.terraform.io/hashicorp/aws/5.100.0",
])("a mirror is passed over where others may write %s", (place) => {
  const path = mirrorAt("opt/mirror");
  mkdirSync(join(path, "registry.terraform.io/hashicorp/aws/5.100.0"), { recursive: true });
  expect(findProviderSource(EMULATED, { root })).toEqual({ kind: "mirror", path });
  chmodSync(join(root, place), 0o777);
  expect(findProviderSource(EMULATED, { root })).toEqual({ kind: "registry" });
});

test("a mirror that a person names is taken, also for an account; a folder that is none is refused", () => {
  const path = mirrorAt("anywhere");
  expect(findProviderSource({ HOME: "/nowhere", QUICKTURN_PROVIDER_MIRROR: path }, { root })).toEqual({
    kind: "mirror",
    path,
  });
  expect(() => findProviderSource({ HOME: "/nowhere", QUICKTURN_PROVIDER_MIRROR: root }, { root })).toThrow(
    /^QUICKTURN_PROVIDER_MIRROR is ".*", which has no registry\.terraform\.io\/hashicorp\/aws; allowed: /,
  );
});

test("without either the registry is asked, and what it gives is kept", () => {
  expect(findProviderSource(EMULATED, { root })).toEqual({ kind: "registry" });
  expect(providerVariables({ kind: "registry" }, root)).toHaveProperty("TF_PLUGIN_CACHE_DIR");
});

test("a mirror is told to terraform by a configuration of our own", () => {
  const path = mirrorAt("mirror");
  const { TF_CLI_CONFIG_FILE: file = "" } = providerVariables({ kind: "mirror", path }, join(root, "folder"));
  expect(readFileSync(file, "utf8")).toContain(`path = "${path}"`);
});

test("terraform asks nothing, calls nobody, and is not told of a file that does not exist", () => {
  const environment = terraformEnvironment(
    { TF_CLI_CONFIG_FILE: "/missing", PATH: "/bin" },
    { kind: "registry" },
    root,
  );
  expect(environment).toMatchObject({ PATH: "/bin", TF_INPUT: "0", TF_IN_AUTOMATION: "1", CHECKPOINT_DISABLE: "1" });
  expect(environment).not.toHaveProperty("TF_CLI_CONFIG_FILE");
});
